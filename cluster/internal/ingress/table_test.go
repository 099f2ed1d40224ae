package ingress

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// ingressOf is an Ingress made age minutes after began; each path leads to a service that is named like it.
func ingressOf(namespace, name string, age int, host string, paths ...networking.HTTPIngressPath) *networking.Ingress {
	return &networking.Ingress{
		ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: meta.NewTime(began.Add(time.Duration(age) * time.Minute))},
		Spec: networking.IngressSpec{Rules: []networking.IngressRule{{Host: host, IngressRuleValue: networking.IngressRuleValue{
			HTTP: &networking.HTTPIngressRuleValue{Paths: paths},
		}}}},
	}
}

func path(kind networking.PathType, text, service string) networking.HTTPIngressPath {
	return networking.HTTPIngressPath{Path: text, PathType: &kind, Backend: networking.IngressBackend{
		Service: &networking.IngressServiceBackend{Name: service, Port: networking.ServiceBackendPort{Number: 80}},
	}}
}

// byName stands in for the cluster: service x of namespace n has one pod, which the test knows by "n/x".
func byName(namespace string, backend networking.IngressServiceBackend) []Backend {
	if backend.Name == "none" {
		return nil
	}
	return []Backend{{namespace + "/" + backend.Name, 8080}}
}

const prefix, exact = networking.PathTypePrefix, networking.PathTypeExact

func TestTheOldestIngressHasTheHost(t *testing.T) {
	table := NewTable([]*networking.Ingress{
		ingressOf("b", "young", 5, "web.example", path(prefix, "/", "web")),
		ingressOf("a", "old", 1, "Web.Example", path(prefix, "/", "web")),
	}, byName)
	if got := fmt.Sprint(table.backends("web.example")); got != "[{a/web 8080}]" {
		t.Fatalf("the host leads to %s", got)
	}
	if len(table.Refused) != 1 || table.Refused[0].Ingress.Name != "young" || table.Refused[0].Owner != "a/old" {
		t.Fatalf("the refusal is not told: %+v", table.Refused)
	}
	if !table.Owned["a/old"] || table.Owned["b/young"] {
		t.Fatalf("owned: %v", table.Owned)
	}
}

func TestOtherClassesAreLeftAlone(t *testing.T) {
	other, mine := "nginx", Class
	foreign, own := ingressOf("a", "one", 1, "one.example", path(prefix, "/", "web")), ingressOf("a", "two", 1, "two.example", path(prefix, "/", "web"))
	foreign.Spec.IngressClassName, own.Spec.IngressClassName = &other, &mine
	table := NewTable([]*networking.Ingress{foreign, own}, byName)
	if table.serves("one.example", "/") || !table.serves("two.example", "/") {
		t.Fatal("the class was not respected")
	}
}

func TestPathsWildcardsAndHostsWithoutPods(t *testing.T) {
	table := NewTable([]*networking.Ingress{
		ingressOf("a", "paths", 1, "app.example", path(prefix, "/", "web"), path(prefix, "/api/", "api"), path(exact, "/api", "index")),
		ingressOf("a", "wild", 2, "*.example", path(prefix, "/", "wild")),
		ingressOf("a", "asleep", 3, "asleep.example", path(prefix, "/", "none")),
		ingressOf("a", "part", 4, "part.example", path(prefix, "/only", "web")),
	}, byName)
	var order []string
	for _, route := range table.partial() {
		order = append(order, fmt.Sprintf("%s%s %t %v", route.Host, route.Path, route.Exact, table.backends(route.key())))
	}
	want := "[app.example/api true [{a/index 8080}] app.example/api false [{a/api 8080}] part.example/only false [{a/web 8080}]]"
	if fmt.Sprint(order) != want {
		t.Errorf("partial routes: %v", order)
	}
	for name, want := range map[string]string{
		"app.example": "[{a/web 8080}]", "other.example": "[{a/wild 8080}]", "x.other.example": "[]", "asleep.example": "[]", "part.example": "[]", "": "[]",
	} {
		if got := fmt.Sprint(table.backends(name)); got != want {
			t.Errorf("%s leads to %s, not to %s", name, got, want)
		}
	}
	for address, want := range map[[2]string]bool{
		{"asleep.example", "/"}: true, {"part.example", "/"}: false, {"part.example", "/only/x"}: true, {"part.example", "/onlyx"}: false, {"x.y.z", "/"}: false,
	} {
		if got := table.serves(address[0], address[1]); got != want {
			t.Errorf("%v is served: %v", address, got)
		}
	}
}

func TestPodsThatAreNotReadyGetNoRequests(t *testing.T) {
	yes, no, name, number := true, false, "http", int32(8080)
	service := &core.Service{Spec: core.ServiceSpec{Ports: []core.ServicePort{{Name: "http", Port: 80}}}}
	endpoint := func(ip string, ready, serving, ending *bool) discovery.Endpoint {
		return discovery.Endpoint{Addresses: []string{ip}, Conditions: discovery.EndpointConditions{Ready: ready, Serving: serving, Terminating: ending}}
	}
	sliceOf := func(endpoints ...discovery.Endpoint) []*discovery.EndpointSlice {
		return []*discovery.EndpointSlice{{AddressType: discovery.AddressTypeIPv4, Endpoints: endpoints, Ports: []discovery.EndpointPort{{Name: &name, Port: &number}}}}
	}
	pods, ending := netip.MustParsePrefix("10.244.0.0/16"), endpoint("10.244.0.3", &no, &yes, &yes)
	byNumber := networking.IngressServiceBackend{Port: networking.ServiceBackendPort{Number: 80}}
	for what, check := range map[string]struct {
		backend networking.IngressServiceBackend
		slices  []*discovery.EndpointSlice
		want    string
	}{
		"ready only":                 {byNumber, sliceOf(endpoint("10.244.0.1", &yes, &yes, &no), endpoint("10.244.0.2", &no, &no, &no), ending), "[{10.244.0.1 8080}]"},
		"ending, for want of better": {byNumber, sliceOf(endpoint("10.244.0.2", &no, &no, &no), ending), "[{10.244.0.3 8080}]"},
		"none":                       {byNumber, sliceOf(endpoint("10.244.0.2", &no, &no, &no)), "[]"},
		"never the node itself":      {byNumber, sliceOf(endpoint("127.0.0.1", &yes, &yes, &no)), "[]"},
		"port by name":               {networking.IngressServiceBackend{Port: networking.ServiceBackendPort{Name: "http"}}, sliceOf(endpoint("10.244.0.1", nil, nil, nil)), "[{10.244.0.1 8080}]"},
		"a port that is not there":   {networking.IngressServiceBackend{Port: networking.ServiceBackendPort{Number: 81}}, sliceOf(endpoint("10.244.0.1", nil, nil, nil)), "[]"},
	} {
		if got := fmt.Sprint(backendsOf(service, check.backend, check.slices, pods)); got != check.want {
			t.Errorf("%s: %s, not %s", what, got, check.want)
		}
	}
}
