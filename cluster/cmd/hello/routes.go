package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/websocket"
)

// app holds what the routes share.
type app struct {
	host     string
	stopping *atomic.Bool

	mutex sync.Mutex
	held  [][]byte
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", a.greet)
	mux.HandleFunc("/healthz", a.health)
	mux.HandleFunc("/env-names", a.names)
	mux.HandleFunc("/stream", a.stream)
	mux.HandleFunc("/slow", a.slow)
	mux.HandleFunc("/crash", a.crash)
	mux.HandleFunc("/alloc", a.alloc)
	mux.Handle("/ws", websocket.Handler(func(connection *websocket.Conn) { _, _ = io.Copy(connection, connection) }))
	return mux
}

func (a *app) greet(w http.ResponseWriter, r *http.Request) {
	greeting := "Hello from " + a.host
	if service := serviceName(); service != "" {
		greeting += ", an instance of " + service
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, greeting)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, page, html.EscapeString(greeting))
}

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Hello</title><style>body{font:20px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;color:#1b1f24}</style>
<main><h1>%s</h1></main></html>
`

func (a *app) health(w http.ResponseWriter, _ *http.Request) {
	if a.stopping.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (a *app) names(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, strings.Join(envNames(), "\n"))
}

func (a *app) stream(w http.ResponseWriter, r *http.Request) {
	lines, err := strconv.Atoi(valueOr(r, "lines", "10"))
	if err != nil || lines < 1 || lines > 1_000_000 {
		http.Error(w, "lines: a number from 1 to 1000000", http.StatusBadRequest)
		return
	}
	every, err := time.ParseDuration(valueOr(r, "every", "0s"))
	if err != nil || every < 0 {
		http.Error(w, "every: a duration such as 50ms", http.StatusBadRequest)
		return
	}
	for number := 1; number <= lines; number++ {
		fmt.Printf("line %d of %d\n", number, lines)
		if every > 0 {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(every):
			}
		}
	}
	fmt.Fprintf(w, "logged %d lines\n", lines)
}

func (a *app) slow(w http.ResponseWriter, r *http.Request) {
	wait, err := time.ParseDuration(valueOr(r, "for", "1s"))
	if err != nil || wait < 0 || wait > time.Hour {
		http.Error(w, "for: a duration such as 2s, at most 1h", http.StatusBadRequest)
		return
	}
	select {
	case <-r.Context().Done():
	case <-time.After(wait):
		fmt.Fprintf(w, "answered by %s after %s\n", a.host, wait)
	}
}

func (a *app) crash(http.ResponseWriter, *http.Request) {
	fmt.Println("crashing, as asked")
	os.Exit(1)
}

func (a *app) alloc(w http.ResponseWriter, r *http.Request) {
	mb, err := strconv.Atoi(valueOr(r, "mb", "64"))
	if err != nil || mb < 1 || mb > 65536 {
		http.Error(w, "mb: a number from 1 to 65536", http.StatusBadRequest)
		return
	}
	// MiB by MiB and written to, so that the kernel has to hand the pages over.
	for range mb {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		a.mutex.Lock()
		a.held = append(a.held, block)
		a.mutex.Unlock()
	}
	fmt.Fprintf(w, "holding %d MiB more\n", mb)
}

func valueOr(r *http.Request, key, otherwise string) string {
	if value := r.URL.Query().Get(key); value != "" {
		return value
	}
	return otherwise
}

func hostName() string {
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "an unknown host"
}

// serviceName is what the platform, or the user, says that this is an instance of.
func serviceName() string {
	for _, key := range []string{"APEX_SERVICE", "SERVICE_NAME"} {
		if value := os.Getenv(key); value != "" {
			return value
		}
	}
	return ""
}

func envNames() []string {
	var names []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
