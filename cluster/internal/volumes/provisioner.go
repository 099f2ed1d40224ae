package volumes

import (
	"context"
	"errors"
	"fmt"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const (
	// ClassName is the StorageClass of the node's volumes, and Provisioner its provisioner.
	ClassName   = "apex-local"
	Provisioner = "apexpaas.com/local"

	defaultClassAnnotation  = "storageclass.kubernetes.io/is-default-class"
	provisionedByAnnotation = "pv.kubernetes.io/provisioned-by"
)

// EnsureClass makes the StorageClass, as the cluster's default, unless it exists.
func EnsureClass(ctx context.Context, client kubernetes.Interface) error {
	reclaim, binding, grows := core.PersistentVolumeReclaimDelete, storage.VolumeBindingImmediate, true
	class := &storage.StorageClass{
		ObjectMeta:  meta.ObjectMeta{Name: ClassName, Annotations: map[string]string{defaultClassAnnotation: "true"}},
		Provisioner: Provisioner, ReclaimPolicy: &reclaim, VolumeBindingMode: &binding, AllowVolumeExpansion: &grows,
	}
	_, err := client.StorageV1().StorageClasses().Create(ctx, class, meta.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// provisioner makes and removes a volume for the library that watches claims.
type provisioner struct {
	disks  *Disks
	client kubernetes.Interface
}

// Provision makes the volume of a claim. It may be called again for a volume that it made before.
func (p *provisioner) Provision(ctx context.Context, options controller.ProvisionOptions) (*core.PersistentVolume, controller.ProvisioningState, error) {
	volume, err := p.provision(ctx, options)
	return volume, controller.ProvisioningFinished, err
}

func (p *provisioner) provision(ctx context.Context, options controller.ProvisionOptions) (*core.PersistentVolume, error) {
	spec := options.PVC.Spec
	if err := checkClaim(spec); err != nil {
		return nil, err
	}
	size, err := sizeFor(spec.Resources.Requests[core.ResourceStorage])
	if err != nil {
		return nil, err
	}
	host, err := p.host(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.disks.Make(ctx, options.PVName, size); err != nil {
		return nil, err
	}
	mode := core.PersistentVolumeFilesystem
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   spec.AccessModes,
			VolumeMode:                    &mode,
			Capacity:                      core.ResourceList{core.ResourceStorage: quantity(size)},
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: p.disks.data(options.PVName)}},
			NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
				MatchExpressions: []core.NodeSelectorRequirement{{Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{host}}},
			}}}},
		},
	}, nil
}

// Delete removes the volume and its data; a pod that still has it makes the library try again.
func (p *provisioner) Delete(ctx context.Context, volume *core.PersistentVolume) error {
	return p.disks.Remove(ctx, volume.Name)
}

func checkClaim(spec core.PersistentVolumeClaimSpec) error {
	if spec.VolumeMode != nil && *spec.VolumeMode == core.PersistentVolumeBlock {
		return errors.New("only volumes of mode Filesystem can be made here")
	}
	if spec.Selector != nil {
		return errors.New("a claim with a selector cannot be provisioned: remove the selector")
	}
	for _, mode := range spec.AccessModes {
		if mode != core.ReadWriteOnce && mode != core.ReadWriteOncePod {
			return fmt.Errorf("the access mode %s cannot be had here: use ReadWriteOnce or ReadWriteOncePod", mode)
		}
	}
	return nil
}

// host is the name of the only node.
func (p *provisioner) host(ctx context.Context) (string, error) {
	nodes, err := p.client.CoreV1().Nodes().List(ctx, meta.ListOptions{Limit: 2})
	if err != nil {
		return "", err
	}
	if len(nodes.Items) != 1 {
		return "", fmt.Errorf("volumes are made where there is one node; there are %d", len(nodes.Items))
	}
	return nodes.Items[0].Labels[core.LabelHostname], nil
}
