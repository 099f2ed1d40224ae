package ingress

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	networking "k8s.io/api/networking/v1"
)

// served is a table of one host with two pods and one host with none.
func served() *atomic.Pointer[Table] {
	var table atomic.Pointer[Table]
	table.Store(NewTable([]*networking.Ingress{
		ingressOf("a", "web", 1, "web.example", path(prefix, "/", "web")),
		ingressOf("a", "asleep", 1, "asleep.example", path(prefix, "/", "none")),
	}, func(_ string, backend networking.IngressServiceBackend) []Backend {
		if backend.Name == "none" {
			return nil
		}
		return []Backend{{"10.244.0.5", 8080}, {"10.244.0.6", 8080}}
	}))
	return &table
}

// Go's own resolver asks, as it does inside Caddy.
func TestTheResolverNamesThePods(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	table := served()
	go func() { _ = (&resolver{table: table, fallback: Backend{"127.0.0.1", 10054}}).serve(ctx, listener) }()
	client := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
	}}
	targets := func(host string) map[string]bool {
		_, records, err := client.LookupSRV(ctx, "", "", host)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, record := range records {
			ips, err := client.LookupHost(ctx, record.Target)
			if err != nil {
				t.Fatal(err)
			}
			found[fmt.Sprintf("%s:%d", ips[0], record.Port)] = true
		}
		return found
	}
	if got := targets("WEB.example."); len(got) != 2 || !got["10.244.0.5:8080"] || !got["10.244.0.6:8080"] {
		t.Errorf("the pods are %v", got)
	}
	for _, host := range []string{"asleep.example.", "unknown.example.", "10-244-0-5.pod.apex-ingress."} {
		if got := targets(host); len(got) != 1 || !got["127.0.0.1:10054"] {
			t.Errorf("%s leads to %v", host, got)
		}
	}
	// A pod that has gone is not named again.
	table.Store(NewTable(nil, byName))
	if got := targets("web.example."); !got["127.0.0.1:10054"] {
		t.Errorf("a service that was removed leads to %v", got)
	}
}

func TestTheFallbackSaysWhy(t *testing.T) {
	pages := fallback(served())
	for host, want := range map[string]struct {
		status int
		text   string
	}{
		"unknown.example":     {http.StatusNotFound, "No service answers at this address."},
		"asleep.example:8080": {http.StatusServiceUnavailable, "no running instance"},
		"Asleep.Example.":     {http.StatusServiceUnavailable, "no running instance"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host = host
		recorder := httptest.NewRecorder()
		pages.ServeHTTP(recorder, request)
		if recorder.Code != want.status || !strings.Contains(recorder.Body.String(), want.text) {
			t.Errorf("%s: %d %s", host, recorder.Code, recorder.Body)
		}
	}
}
