// Package ingress makes Caddy serve what Ingress objects say.
//
// Caddy is configured through its admin API, but only with what seldom changes: for each request it asks this
// package's DNS server which pods serve the request's host. So a pod that comes or goes, or a new Ingress, needs no
// reload, and a reload would cut every WebSocket and every idle connection of every service.
package ingress

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	networking "k8s.io/api/networking/v1"
)

// Class is the IngressClass that is served here; an Ingress without a class is served too.
const Class = "apex"

// Backend is one pod's address and port.
type Backend struct {
	IP   string
	Port uint16
}

// Route is one path of one host.
type Route struct {
	Host, Path string
	Exact      bool
	Backends   []Backend
}

// Table says which pods serve which host and path. It is never changed once it was made.
type Table struct {
	hosts map[string][]Route
	keys  map[string]Route
	// Owned are the ingresses, by namespace/name, that own a host at least; Refused are the hosts that another had first.
	Owned   map[string]bool
	Refused []Refusal
}

// Refusal is a host that an Ingress asks for and that an older one has.
type Refusal struct {
	Ingress *networking.Ingress
	Host    string
	Owner   string
}

// NewTable makes the table; resolve says which pods stand behind a backend's service.
func NewTable(ingresses []*networking.Ingress, resolve func(namespace string, backend networking.IngressServiceBackend) []Backend) *Table {
	table := &Table{hosts: map[string][]Route{}, keys: map[string]Route{}, Owned: map[string]bool{}}
	owners := map[string]string{}
	for _, ingress := range oldestFirst(ingresses) {
		if !ours(ingress) {
			continue
		}
		id := ingress.Namespace + "/" + ingress.Name
		for _, rule := range ingress.Spec.Rules {
			host := strings.ToLower(rule.Host)
			if host == "" || rule.HTTP == nil {
				continue
			}
			if owner, taken := owners[host]; taken && owner != id {
				table.Refused = append(table.Refused, Refusal{ingress, host, owner})
				continue
			}
			owners[host] = id
			table.Owned[id] = true
			for _, path := range rule.HTTP.Paths {
				table.add(host, path, ingress.Namespace, resolve)
			}
		}
	}
	for _, routes := range table.hosts {
		slices.SortStableFunc(routes, moreSpecificFirst)
	}
	return table
}

func (t *Table) add(host string, path networking.HTTPIngressPath, namespace string, resolve func(string, networking.IngressServiceBackend) []Backend) {
	route := Route{Host: host, Path: path.Path, Exact: path.PathType != nil && *path.PathType == networking.PathTypeExact}
	if !route.Exact {
		route.Path = "/" + strings.Trim(route.Path, "/")
	}
	if slices.ContainsFunc(t.hosts[host], func(other Route) bool { return other.Path == route.Path && other.Exact == route.Exact }) {
		return
	}
	if path.Backend.Service != nil {
		route.Backends = resolve(namespace, *path.Backend.Service)
	}
	t.hosts[host] = append(t.hosts[host], route)
	t.keys[route.key()] = route
}

// backends are the pods of a host as a whole, or of the key of one of its paths.
func (t *Table) backends(name string) []Backend {
	if route, found := t.keys[name]; found {
		return route.Backends
	}
	for _, route := range t.hosts[t.match(name)] {
		if route.whole() {
			return route.Backends
		}
	}
	return nil
}

// serves says whether any route covers the path of the host, whether or not a pod stands behind it.
func (t *Table) serves(host, path string) bool {
	return slices.ContainsFunc(t.hosts[t.match(strings.ToLower(host))], func(route Route) bool { return route.covers(path) })
}

// match finds the host itself, else the wildcard that covers it; a wildcard stands for exactly one label.
func (t *Table) match(host string) string {
	if _, found := t.hosts[host]; found {
		return host
	}
	if _, parent, found := strings.Cut(host, "."); found {
		return "*." + parent
	}
	return ""
}

// partial are the routes that cover only a part of their host, in the order in which they are to be tried.
func (t *Table) partial() []Route {
	var list []Route
	for _, routes := range t.hosts {
		for _, route := range routes {
			if !route.whole() {
				list = append(list, route)
			}
		}
	}
	slices.SortFunc(list, func(a, b Route) int {
		// A wildcard comes after every exact host.
		wild := func(r Route) int { return strings.Count(r.Host[:1], "*") }
		return cmp.Or(cmp.Compare(wild(a), wild(b)), cmp.Compare(a.Host, b.Host), moreSpecificFirst(a, b))
	})
	return list
}

func (r Route) whole() bool { return r.Path == "/" && !r.Exact }

func (r Route) covers(path string) bool {
	switch {
	case r.whole() || path == r.Path:
		return true
	case r.Exact:
		return false
	default:
		return strings.HasPrefix(path, r.Path+"/")
	}
}

// key names the route in DNS. It holds no address, so that pods may come and go under it.
func (r Route) key() string {
	kind := "prefix"
	if r.Exact {
		kind = "exact"
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{kind, r.Host, r.Path}, "\n")))
	return hex.EncodeToString(sum[:8]) + ".path." + zone
}

func moreSpecificFirst(a, b Route) int {
	exact := func(r Route) int {
		if r.Exact {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(exact(a), exact(b)), cmp.Compare(len(b.Path), len(a.Path)), cmp.Compare(a.Path, b.Path))
}

func oldestFirst(ingresses []*networking.Ingress) []*networking.Ingress {
	sorted := slices.Clone(ingresses)
	slices.SortFunc(sorted, func(a, b *networking.Ingress) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return sorted
}

func ours(ingress *networking.Ingress) bool {
	return ingress.DeletionTimestamp == nil && (ingress.Spec.IngressClassName == nil || *ingress.Spec.IngressClassName == Class)
}
