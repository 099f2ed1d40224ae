package ingress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

const adminTimeout = 10 * time.Second

// admin speaks with Caddy's admin API.
type admin struct {
	address string
	client  http.Client
}

// has says whether Caddy runs the configuration of that id: it forgets everything when it restarts.
func (a *admin) has(ctx context.Context, id string) bool {
	response, err := a.do(ctx, http.MethodGet, "/id/"+id, nil)
	return err == nil && response < 300
}

// load replaces Caddy's whole configuration at once; Caddy keeps the old one when the new one is refused.
func (a *admin) load(ctx context.Context, config []byte) error {
	_, err := a.do(ctx, http.MethodPost, "/load", config)
	return err
}

func (a *admin) do(ctx context.Context, method, path string, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+a.address+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	if response.StatusCode >= 300 {
		return response.StatusCode, fmt.Errorf("caddy answers %s to %s %s: %s", response.Status, method, path, bytes.TrimSpace(answer))
	}
	return response.StatusCode, nil
}
