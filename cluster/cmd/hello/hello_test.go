package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func get(t *testing.T, a *app, target string, accept string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, target, nil)
	request.Header.Set("Accept", accept)
	logged(a.routes()).ServeHTTP(recorder, request)
	return recorder
}

func TestGreetsInTheFormThatIsAskedFor(t *testing.T) {
	t.Setenv("SERVICE_NAME", "web <1>")
	a := &app{host: "pod-1", stopping: &atomic.Bool{}}
	if got := get(t, a, "/", "*/*").Body.String(); got != "Hello from pod-1, an instance of web <1>\n" {
		t.Errorf("text: %q", got)
	}
	page := get(t, a, "/", "text/html").Body.String()
	if !strings.Contains(page, "<h1>Hello from pod-1, an instance of web &lt;1&gt;</h1>") {
		t.Errorf("page: %q", page)
	}
}

func TestTellsNamesAndNeverValues(t *testing.T) {
	t.Setenv("CANARY_NAME", "canary-value")
	got := get(t, &app{stopping: &atomic.Bool{}}, "/env-names", "*/*").Body.String()
	if !strings.Contains(got, "CANARY_NAME\n") || strings.Contains(got, "canary-value") {
		t.Errorf("got %q", got)
	}
}

func TestSaysThatItIsStopping(t *testing.T) {
	a := &app{stopping: &atomic.Bool{}}
	if got := get(t, a, "/healthz", "").Code; got != http.StatusOK {
		t.Errorf("serving: %d", got)
	}
	a.stopping.Store(true)
	if got := get(t, a, "/healthz", "").Code; got != http.StatusServiceUnavailable {
		t.Errorf("stopping: %d", got)
	}
}

func TestRefusesBadNumbers(t *testing.T) {
	for _, target := range []string{"/stream?lines=x", "/stream?lines=2000000", "/stream?every=soon", "/slow?for=x", "/alloc?mb=-1"} {
		if got := get(t, &app{stopping: &atomic.Bool{}}, target, "").Code; got != http.StatusBadRequest {
			t.Errorf("%s: %d", target, got)
		}
	}
}

func TestEndsWhenAskedTo(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, "127.0.0.1:0") }()
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}
