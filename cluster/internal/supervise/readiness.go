package supervise

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	readyInterval = 100 * time.Millisecond
	readyTimeout  = 2 * time.Second
)

// awaitReady returns true once the process answers as its spec says, false when ctx ends first.
func awaitReady(ctx context.Context, ready *ReadySpec) bool {
	if ready == nil {
		return ctx.Err() == nil
	}
	for {
		if isReady(ctx, *ready) {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(readyInterval):
		}
	}
}

func isReady(ctx context.Context, ready ReadySpec) bool {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	switch {
	case ready.TCP != "":
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", ready.TCP)
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	case ready.HTTP != "":
		return answersOK(ctx, ready)
	default:
		_, err := os.Stat(ready.File)
		return err == nil
	}
}

func answersOK(ctx context.Context, ready ReadySpec) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, ready.HTTP, nil)
	if err != nil {
		return false
	}
	// No proxy and no kept connection: the answer has to be this process's, now.
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: ready.Insecure}} //nolint:gosec
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode < 300
}
