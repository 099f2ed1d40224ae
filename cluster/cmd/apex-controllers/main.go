// Command apex-controllers runs the controllers that a bare Kubernetes lacks: ingress and volumes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"apexpaas.com/cluster/internal/ingress"
	"apexpaas.com/cluster/internal/volumes"
	"golang.org/x/sync/errgroup"
	core "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
)

const (
	component     = "apex-node"
	classDeadline = 5 * time.Second
	classRetry    = 500 * time.Millisecond
)

// settings are the flags.
type settings struct {
	kubeconfig, volumes, podCIDR, address string
	ingress                               ingress.Addresses
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "apex-controllers: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	var s settings
	flags := flag.NewFlagSet("apex-controllers", flag.ContinueOnError)
	flags.StringVar(&s.kubeconfig, "kubeconfig", "", "the `file` that says how to reach the API server")
	flags.StringVar(&s.ingress.Admin, "caddy-admin", "127.0.0.1:2019", "where Caddy's admin API listens, `host:port`")
	flags.StringVar(&s.ingress.Listen, "ingress-listen", ":8080", "the `address` at which Caddy takes requests")
	flags.StringVar(&s.ingress.Resolver, "ingress-resolver", "127.0.0.1:10053", "`host:port` at which Caddy asks where the pods are")
	flags.StringVar(&s.ingress.Fallback, "ingress-fallback", "127.0.0.1:10054", "`host:port` that answers for hosts without pods")
	flags.StringVar(&s.address, "ingress-address", "127.0.0.1", "the `IP` that an Ingress's status names")
	flags.StringVar(&s.volumes, "volumes", "", "the `folder` that holds the volumes")
	flags.StringVar(&s.podCIDR, "pod-cidr", "10.244.0.0/16", "the pods' `network`; the ingress sends requests nowhere else")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	// A mistyped flag is not silently ignored.
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.kubeconfig == "" || s.volumes == "" {
		return errors.New("--kubeconfig and --volumes are needed")
	}
	return s.run(ctx)
}

func (s settings) run(ctx context.Context) error {
	pods, err := netip.ParsePrefix(s.podCIDR)
	if err != nil {
		return fmt.Errorf("--pod-cidr: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return err
	}
	// Bursts come from many claims or ingresses at once; the API server is ours and near.
	config.QPS, config.Burst, config.UserAgent = 100, 200, component
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	disks, err := volumes.NewDisks(s.volumes)
	if err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&corev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	defer broadcaster.Shutdown()
	events := broadcaster.NewRecorder(scheme.Scheme, core.EventSource{Component: component})
	factory := informers.NewSharedInformerFactory(client, 10*time.Minute)
	ingresses, err := ingress.New(client, factory, events, ingress.Options{Addresses: s.ingress, StatusIP: s.address, Pods: pods})
	if err != nil {
		return err
	}
	claims, err := volumes.New(ctx, client, factory, events, disks)
	if err != nil {
		return err
	}
	ensureClasses(ctx, client)
	factory.Start(ctx.Done())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ingresses.Run(ctx) })
	group.Go(func() error { return claims.Run(ctx) })
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// ensureClasses waits for the API server, and makes what the objects that are served here refer to.
func ensureClasses(ctx context.Context, client kubernetes.Interface) {
	for told := false; ; {
		attempt, cancel := context.WithTimeout(ctx, classDeadline)
		err := errors.Join(volumes.EnsureClass(attempt, client), ingress.EnsureClass(attempt, client))
		cancel()
		if err == nil {
			return
		}
		if !told {
			told = true
			fmt.Fprintf(os.Stderr, "waiting for the API server: %v\n", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(classRetry):
		}
	}
}
