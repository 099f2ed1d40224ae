package ingress

import (
	"net/netip"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	networking "k8s.io/api/networking/v1"
)

// backendsOf are the pods that may get requests: the ready ones, or, where there is none, those that still serve
// while they end. The endpoint slices carry the service's ports by name.
func backendsOf(service *core.Service, backend networking.IngressServiceBackend, slices []*discovery.EndpointSlice, pods netip.Prefix) []Backend {
	port, found := servicePort(service, backend.Port)
	if !found {
		return nil
	}
	var ready, ending []Backend
	for _, slice := range slices {
		if slice.AddressType != discovery.AddressTypeIPv4 {
			continue
		}
		number := slicePort(slice, port.Name)
		if number == 0 {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			if len(endpoint.Addresses) == 0 || !within(pods, endpoint.Addresses[0]) {
				continue
			}
			one := Backend{endpoint.Addresses[0], number}
			conditions := endpoint.Conditions
			switch terminating := isTrue(conditions.Terminating, false); {
			case isTrue(conditions.Ready, true) && !terminating:
				ready = append(ready, one)
			case isTrue(conditions.Serving, false) && terminating:
				ending = append(ending, one)
			}
		}
	}
	if len(ready) > 0 {
		return ready
	}
	return ending
}

func servicePort(service *core.Service, wanted networking.ServiceBackendPort) (core.ServicePort, bool) {
	for _, port := range service.Spec.Ports {
		if (wanted.Name != "" && port.Name == wanted.Name) || (wanted.Name == "" && port.Port == wanted.Number) {
			return port, true
		}
	}
	return core.ServicePort{}, false
}

func slicePort(slice *discovery.EndpointSlice, name string) uint16 {
	for _, port := range slice.Ports {
		if port.Port != nil && (port.Name == nil && name == "" || port.Name != nil && *port.Name == name) {
			return uint16(*port.Port)
		}
	}
	return 0
}

func isTrue(condition *bool, otherwise bool) bool {
	if condition == nil {
		return otherwise
	}
	return *condition
}

func within(network netip.Prefix, address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && network.Contains(ip)
}
