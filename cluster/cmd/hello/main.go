// Command hello is the sample service: it says hello on port 8080 and logs one line for each request.
//
//	/                     a greeting with the host's name, as a page for browsers and as text for others
//	/healthz              200 while it serves, 503 once it was asked to stop
//	/env-names            the names of its variables, one a line; never a value
//	/stream?lines=N&every=50ms   logs N numbered lines, N up to a million, and answers when they are written
//	/slow?for=2s          answers after that time, to see requests in flight survive a rollout
//	/crash                ends the process with code 1
//	/alloc?mb=N           holds N more MiB of memory, to see a memory limit act
//	/ws                   a WebSocket that sends back what it is sent
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// How long requests in flight may take once the process was asked to stop.
const drainTime = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, ":"+port()); err != nil {
		fmt.Fprintf(os.Stderr, "hello: %v\n", err)
		os.Exit(1)
	}
}

func port() string {
	if value := os.Getenv("PORT"); value != "" {
		return value
	}
	return "8080"
}

func serve(ctx context.Context, address string) error {
	app := &app{host: hostName(), stopping: &atomic.Bool{}}
	server := &http.Server{Addr: address, Handler: logged(app.routes()), ReadHeaderTimeout: 10 * time.Second}
	fmt.Printf("variables: %s\n", strings.Join(envNames(), " "))
	fmt.Printf("listening on %s\n", address)

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	app.stopping.Store(true)
	fmt.Println("stopping: finishing the requests in flight")
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("requests were cut after %s: %w", drainTime, err)
	}
	fmt.Println("stopped")
	return nil
}
