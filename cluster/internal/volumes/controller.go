package volumes

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Controller provisions, grows and removes the node's volumes.
type Controller struct {
	disks       *Disks
	provisioner *controller.ProvisionController
	grower      *grower
	synced      cache.InformerSynced
}

// New makes a controller that reads through the factory's informers.
func New(ctx context.Context, client kubernetes.Interface, factory informers.SharedInformerFactory, events record.EventRecorder, disks *Disks) (*Controller, error) {
	claims, volumes := factory.Core().V1().PersistentVolumeClaims(), factory.Core().V1().PersistentVolumes()
	grower := &grower{
		disks: disks, client: client, claims: claims.Lister(), volumes: volumes.Lister(), events: events,
		queue: workqueue.NewTypedRateLimitingQueue(retries()),
	}
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			grower.queue.Add(key)
		}
	}
	registration, err := claims.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) },
	})
	if err != nil {
		return nil, err
	}
	return &Controller{
		disks: disks, grower: grower, synced: registration.HasSynced,
		provisioner: controller.NewProvisionController(ctx, client, Provisioner, &provisioner{disks: disks, client: client},
			controller.LeaderElection(false),
			controller.RateLimiter(retries()),
			controller.ClaimsInformer(claims.Informer()),
			controller.VolumesInformer(volumes.Informer()),
			controller.ClassesInformer(factory.Storage().V1().StorageClasses().Informer()),
		),
	}, nil
}

// Run works until ctx ends. Every volume is mounted first: pods may be waiting for theirs.
func (c *Controller) Run(ctx context.Context) error {
	if err := c.disks.MountAll(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "volumes: %v\n", err)
	}
	if !cache.WaitForCacheSync(ctx.Done(), c.synced) {
		return ctx.Err()
	}
	go c.grower.run(ctx)
	c.provisioner.Run(ctx)
	return nil
}

func retries() workqueue.TypedRateLimiter[string] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstRetry, lastRetry)
}
