package ingress

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Addresses are those that Caddy's configuration names.
type Addresses struct {
	// Listen is where clients come in, Admin where Caddy is told what to do.
	Listen, Admin string
	// Resolver is our DNS server; Fallback answers for hosts that no pod serves.
	Resolver, Fallback string
}

type object = map[string]any

// caddyConfig renders Caddy's whole configuration and the id under which Caddy then knows it.
func caddyConfig(addresses Addresses, partial []Route) (config []byte, id string, err error) {
	routes := []object{}
	for _, route := range partial {
		paths := []string{route.Path}
		if !route.Exact {
			paths = append(paths, route.Path+"/*")
		}
		routes = append(routes, object{
			"match":    []object{{"host": []string{route.Host}, "path": paths}},
			"handle":   []object{proxy(addresses, route.key())},
			"terminal": true,
		})
	}
	routes = append(routes, object{"handle": []object{proxy(addresses, "{http.request.host}")}})
	server := object{
		"listen":              []string{addresses.Listen},
		"protocols":           []string{"h1"},
		"automatic_https":     object{"disable": true},
		"read_header_timeout": "30s",
		"routes":              routes,
		"errors":              object{"routes": []object{{"handle": []object{unanswered}}}},
	}
	whole := object{
		"admin": object{"listen": addresses.Admin, "config": object{"persist": false}},
		// What a client or a pod does wrong is no fault of the node's; no access log is kept either.
		"logging": object{"logs": object{"default": object{"level": "ERROR", "exclude": []string{"http.handlers.reverse_proxy", "http.log.error", "admin.api"}}}},
		"apps":    object{"http": object{"grace_period": "10s", "servers": object{"ingress": server}}},
	}
	content, err := json.Marshal(whole)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(content)
	id = "ingress-" + hex.EncodeToString(sum[:8])
	server["@id"] = id
	config, err = json.Marshal(whole)
	return config, id, err
}

// unanswered is what a client gets when a pod that should be there does not answer, or breaks off.
var unanswered = object{
	"handler": "static_response", "status_code": "{http.error.status_code}",
	"headers": object{
		"Content-Type": []string{"text/plain; charset=utf-8"}, "X-Content-Type-Options": []string{"nosniff"}, "Cache-Control": []string{"no-store"},
		// As on the fallback's pages: this is not the service's own answer.
		"X-Apex-Ingress": []string{"no-answer"},
	},
	"body": "The service at {http.request.host} did not answer.\n",
}

// proxy sends a request to one of the pods that DNS names.
func proxy(addresses Addresses, name string) object {
	resolver := object{"addresses": []string{"tcp/" + addresses.Resolver}}
	return object{
		"handler": "reverse_proxy",
		"dynamic_upstreams": object{
			// The dot at the end keeps the machine's search domains out.
			"source": "srv", "name": name + ".", "refresh": "100ms", "dial_timeout": "1s", "resolver": resolver,
		},
		// Used when our DNS server does not answer, or the host is no valid name.
		"upstreams": []object{{"dial": addresses.Fallback}},
		"load_balancing": object{
			"selection_policy": object{"policy": "round_robin"},
			// A pod that refuses the connection has not seen the request: another is tried, or it again.
			"try_duration": "5s", "try_interval": "50ms",
			// One that broke off may have seen it, and may have ended of it: without this Caddy sends a GET to pod after pod.
			"retry_match": []object{{"not": []object{{"path": []string{"*"}}}}},
		},
		"flush_interval": "1ms",
		"transport": object{
			"protocol": "http", "resolver": resolver, "dial_timeout": "2s", "compression": false,
			// Shorter than any common server's own limit, so that a request never meets a connection that is just being closed.
			"keep_alive": object{"enabled": true, "idle_timeout": "1500ms", "max_idle_conns_per_host": 256},
		},
	}
}
