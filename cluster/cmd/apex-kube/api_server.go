package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserveroptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

const (
	readyInterval = 50 * time.Millisecond
	readyTimeout  = 2 * time.Second
)

func prepareAPIServer(flags []string) (member, error) {
	options := apiserveroptions.NewServerRunOptions()
	if err := parse(options.Flags(), flags); err != nil {
		return member{}, err
	}
	if err := options.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return member{}, err
	}
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if err := logsapi.ValidateAndApply(options.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return member{}, err
	}
	run := func(ctx context.Context) error {
		completed, err := options.Complete(ctx)
		if err != nil {
			return err
		}
		if faults := completed.Validate(); len(faults) > 0 {
			return utilerrors.NewAggregate(faults)
		}
		return apiserver.Run(ctx, completed)
	}
	url := fmt.Sprintf("https://127.0.0.1:%d/readyz", options.SecureServing.BindPort)
	return member{run: run, ready: func(ctx context.Context) error { return awaitOK(ctx, url) }}, nil
}

// awaitOK returns once the URL answers 200: what asks the API server earlier would give up.
func awaitOK(ctx context.Context, url string) error {
	// The server is this process, so there is nothing to verify.
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec
	client := &http.Client{Transport: transport, Timeout: readyTimeout}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(readyInterval):
		}
	}
}
