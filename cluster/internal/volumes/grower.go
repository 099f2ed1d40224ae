package volumes

import (
	"context"
	"errors"
	"fmt"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

const (
	// A claim whose pod has to be stopped first is looked at this often; Kubernetes does not tell when a mount goes.
	waitInterval  = time.Second
	claimDeadline = 20 * time.Minute
)

// grower makes volumes larger when their claims ask for more.
type grower struct {
	disks   *Disks
	client  kubernetes.Interface
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	events  record.EventRecorder
	queue   workqueue.TypedRateLimitingInterface[string]
}

func (g *grower) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, g.queue.ShutDown)
	defer stop()
	for {
		key, quit := g.queue.Get()
		if quit {
			return
		}
		again, err := g.reconcile(ctx, key)
		switch {
		case err != nil:
			g.queue.AddRateLimited(key)
		case again:
			g.queue.Forget(key)
			g.queue.AddAfter(key, waitInterval)
		default:
			g.queue.Forget(key)
		}
		g.queue.Done(key)
	}
}

// reconcile brings one claim's volume to the size that it asks for; again means that a pod has to stop first.
func (g *grower) reconcile(ctx context.Context, key string) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, claimDeadline)
	defer cancel()
	claim, volume, err := g.lookUp(key)
	if err != nil || volume == nil {
		return false, err
	}
	wanted, err := sizeFor(claim.Spec.Resources.Requests[core.ResourceStorage])
	if err != nil {
		return false, err
	}
	size := volume.Spec.Capacity[core.ResourceStorage]
	if wanted > size.Value() {
		err := g.disks.Grow(ctx, volume.Name, wanted)
		if errors.Is(err, ErrInUse) {
			return true, g.tellToStop(ctx, claim)
		}
		if err != nil {
			g.events.Eventf(claim, core.EventTypeWarning, "VolumeResizeFailed", "%v", err)
			return false, err
		}
		size = quantity(wanted)
		changed := volume.DeepCopy()
		changed.Spec.Capacity[core.ResourceStorage] = size
		if _, err := g.client.CoreV1().PersistentVolumes().Update(ctx, changed, meta.UpdateOptions{}); err != nil {
			return false, err
		}
	}
	return false, g.tellSize(ctx, claim, size)
}

// lookUp answers with no volume for a claim that is none of ours.
func (g *grower) lookUp(key string) (*core.PersistentVolumeClaim, *core.PersistentVolume, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil, nil, err
	}
	claim, err := g.claims.PersistentVolumeClaims(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil || claim.Spec.VolumeName == "" || claim.Status.Phase != core.ClaimBound || claim.DeletionTimestamp != nil {
		return nil, nil, err
	}
	volume, err := g.volumes.Get(claim.Spec.VolumeName)
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil || volume.Annotations[provisionedByAnnotation] != Provisioner {
		return nil, nil, err
	}
	return claim, volume, nil
}

func (g *grower) tellToStop(ctx context.Context, claim *core.PersistentVolumeClaim) error {
	message := "The volume grows as soon as no pod uses it: stop the pods, and start them again afterwards."
	for _, condition := range claim.Status.Conditions {
		if condition.Type == core.PersistentVolumeClaimFileSystemResizePending {
			return nil
		}
	}
	changed := claim.DeepCopy()
	changed.Status.Conditions = append(changed.Status.Conditions, core.PersistentVolumeClaimCondition{
		Type: core.PersistentVolumeClaimFileSystemResizePending, Status: core.ConditionTrue,
		LastTransitionTime: meta.Now(), Reason: "InUse", Message: message,
	})
	if _, err := g.client.CoreV1().PersistentVolumeClaims(claim.Namespace).UpdateStatus(ctx, changed, meta.UpdateOptions{}); err != nil {
		return err
	}
	g.events.Event(claim, core.EventTypeWarning, "VolumeInUse", message)
	return nil
}

func (g *grower) tellSize(ctx context.Context, claim *core.PersistentVolumeClaim, size resource.Quantity) error {
	told := claim.Status.Capacity[core.ResourceStorage]
	if told.Cmp(size) == 0 && len(claim.Status.Conditions) == 0 {
		return nil
	}
	changed := claim.DeepCopy()
	changed.Status.Conditions = nil
	changed.Status.Capacity = core.ResourceList{core.ResourceStorage: size}
	if _, err := g.client.CoreV1().PersistentVolumeClaims(claim.Namespace).UpdateStatus(ctx, changed, meta.UpdateOptions{}); err != nil {
		return err
	}
	if told.Cmp(size) != 0 {
		g.events.Event(claim, core.EventTypeNormal, "VolumeResized", fmt.Sprintf("the volume has %s now", size.String()))
	}
	return nil
}
