package ingress

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	discovery "k8s.io/api/discovery/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

const (
	// Changes that come together are taken together.
	settleTime = 10 * time.Millisecond
	// Caddy is looked at this often, and a fault tried again.
	checkInterval = time.Second
	writeTimeout  = 10 * time.Second
)

// Controller keeps Caddy and the Ingress objects in step.
type Controller struct {
	options  Options
	admin    *admin
	statuses *statuses
	table    atomic.Pointer[Table]
	dirty    chan struct{}

	ingresses networkinglisters.IngressLister
	services  corelisters.ServiceLister
	slices    discoverylisters.EndpointSliceLister
	synced    []cache.InformerSynced
}

// Options are what the node decides.
type Options struct {
	Addresses
	// StatusIP is the address that an Ingress's status then names.
	StatusIP string
	// Pods is the pods' network: an endpoint that someone wrote by hand must not lead to the node itself.
	Pods netip.Prefix
}

// New makes a controller that reads through the factory's informers.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, events record.EventRecorder, options Options) (*Controller, error) {
	c := &Controller{
		options:   options,
		admin:     &admin{address: options.Admin},
		statuses:  &statuses{client: client, events: events, address: options.StatusIP, refused: map[string]bool{}},
		dirty:     make(chan struct{}, 1),
		ingresses: factory.Networking().V1().Ingresses().Lister(),
		services:  factory.Core().V1().Services().Lister(),
		slices:    factory.Discovery().V1().EndpointSlices().Lister(),
	}
	mark := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { c.mark() }, UpdateFunc: func(any, any) { c.mark() }, DeleteFunc: func(any) { c.mark() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Networking().V1().Ingresses().Informer(),
		factory.Core().V1().Services().Informer(),
		factory.Discovery().V1().EndpointSlices().Informer(),
	} {
		registration, err := informer.AddEventHandler(mark)
		if err != nil {
			return nil, err
		}
		c.synced = append(c.synced, registration.HasSynced)
	}
	return c, nil
}

// Run serves until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	// Nothing is answered before everything is known: a 404 for a service that runs would be a lie.
	if !cache.WaitForCacheSync(ctx.Done(), c.synced...) {
		return ctx.Err()
	}
	c.rebuild()
	back, err := backendAt(c.options.Fallback)
	if err != nil {
		return err
	}
	dnsListener, err := net.Listen("tcp", c.options.Resolver)
	if err != nil {
		return fmt.Errorf("the ingress's resolver: %w", err)
	}
	pageListener, err := net.Listen("tcp", c.options.Fallback)
	if err != nil {
		_ = dnsListener.Close()
		return fmt.Errorf("the ingress's fallback page: %w", err)
	}
	pages := &http.Server{Handler: fallback(&c.table), ReadHeaderTimeout: 10 * time.Second}
	defer pages.Close()
	failed := make(chan error, 2)
	go func() { failed <- pages.Serve(pageListener) }()
	go func() { failed <- (&resolver{table: &c.table, fallback: back}).serve(ctx, dnsListener) }()
	go c.loop(ctx)
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
}

func (c *Controller) mark() {
	select {
	case c.dirty <- struct{}{}:
	default:
	}
}

func (c *Controller) loop(ctx context.Context) {
	told := ""
	for {
		err := c.sync(ctx)
		if err != nil && ctx.Err() == nil && err.Error() != told {
			told = err.Error()
			fmt.Fprintf(os.Stderr, "ingress: %v\n", err)
		}
		if err == nil {
			told = ""
		}
		select {
		case <-ctx.Done():
			return
		case <-c.dirty:
			time.Sleep(settleTime)
		case <-time.After(checkInterval):
		}
	}
}

// sync makes the table, then Caddy, then the objects' status true, in this order: an address is told once it serves.
func (c *Controller) sync(ctx context.Context) error {
	ingresses := c.rebuild()
	table := c.table.Load()
	config, id, err := caddyConfig(c.options.Addresses, table.partial())
	if err != nil {
		return err
	}
	if !c.admin.has(ctx, id) {
		if err := c.admin.load(ctx, config); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return c.statuses.write(ctx, ingresses, table)
}

func (c *Controller) rebuild() []*networking.Ingress {
	ingresses, _ := c.ingresses.List(labels.Everything())
	c.table.Store(NewTable(ingresses, func(namespace string, backend networking.IngressServiceBackend) []Backend {
		service, err := c.services.Services(namespace).Get(backend.Name)
		if err != nil {
			return nil
		}
		slices, err := c.slices.EndpointSlices(namespace).List(labels.SelectorFromSet(labels.Set{discovery.LabelServiceName: backend.Name}))
		if err != nil {
			return nil
		}
		return backendsOf(service, backend, slices, c.options.Pods)
	}))
	return ingresses
}
