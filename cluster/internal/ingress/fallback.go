package ingress

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
)

// fallback answers for what no pod serves: 404 where there is no such address, 503 where nothing runs behind it.
func fallback(table *atomic.Pointer[Table]) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOnly(r.Host)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		// Tells whoever asks whether an address serves that this is not the service's own answer.
		w.Header().Set("X-Apex-Ingress", "no-endpoint")
		if !table.Load().serves(host, r.URL.Path) {
			w.Header().Set("X-Apex-Ingress", "unknown-host")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintln(w, "No service answers at this address.")
			return
		}
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "The service at this address has no running instance: it is starting, paused or failing.")
	})
}

func hostOnly(hostAndPort string) string {
	host, _, err := net.SplitHostPort(hostAndPort)
	if err != nil {
		host = hostAndPort
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
