package ingress

import (
	"context"

	networking "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// EnsureClass makes the IngressClass that is served here, as the cluster's default, unless it exists.
func EnsureClass(ctx context.Context, client kubernetes.Interface) error {
	class := &networking.IngressClass{
		ObjectMeta: meta.ObjectMeta{Name: Class, Annotations: map[string]string{networking.AnnotationIsDefaultIngressClass: "true"}},
		Spec:       networking.IngressClassSpec{Controller: "apexpaas.com/ingress"},
	}
	_, err := client.NetworkingV1().IngressClasses().Create(ctx, class, meta.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
