package ingress

import (
	"context"
	"encoding/json"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
)

// statuses tells the owners of Ingress objects what became of them.
type statuses struct {
	client  kubernetes.Interface
	events  record.EventRecorder
	address string
	refused map[string]bool
}

// write gives each Ingress that is served its address, takes it from the others, and warns once of a host that is taken.
func (s *statuses) write(ctx context.Context, ingresses []*networking.Ingress, table *Table) error {
	for _, ingress := range ingresses {
		if !ours(ingress) {
			continue
		}
		wanted := []networking.IngressLoadBalancerIngress{}
		if table.Owned[ingress.Namespace+"/"+ingress.Name] {
			wanted = append(wanted, networking.IngressLoadBalancerIngress{IP: s.address})
		}
		if err := s.patch(ctx, ingress, wanted); err != nil {
			return err
		}
	}
	for _, refusal := range table.Refused {
		key := string(refusal.Ingress.UID) + " " + refusal.Host
		if !s.refused[key] {
			s.refused[key] = true
			s.events.Eventf(refusal.Ingress, core.EventTypeWarning, "HostTaken", "%s is not served from here: the older ingress %s has it", refusal.Host, refusal.Owner)
		}
	}
	return nil
}

func (s *statuses) patch(ctx context.Context, ingress *networking.Ingress, wanted []networking.IngressLoadBalancerIngress) error {
	now := ingress.Status.LoadBalancer.Ingress
	if len(now) == len(wanted) && (len(now) == 0 || now[0].IP == wanted[0].IP) {
		return nil
	}
	patch, err := json.Marshal(object{"status": object{"loadBalancer": object{"ingress": wanted}}})
	if err != nil {
		return err
	}
	_, err = s.client.NetworkingV1().Ingresses(ingress.Namespace).Patch(ctx, ingress.Name, types.MergePatchType, patch, meta.PatchOptions{}, "status")
	return err
}
