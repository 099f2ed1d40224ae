package ingress

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/miekg/dns"
)

const (
	// zone holds the names that only Caddy asks for.
	zone         = "apex-ingress"
	podZone      = ".pod." + zone
	fallbackName = "fallback." + zone
)

// resolver is the DNS server that tells Caddy where the pods are: SRV for a host, A for the targets that it named.
type resolver struct {
	table    *atomic.Pointer[Table]
	fallback Backend
}

// serve answers on address, over TCP only, until ctx ends.
func (r *resolver) serve(ctx context.Context, listener net.Listener) error {
	server := &dns.Server{Listener: listener, Handler: r}
	stop := context.AfterFunc(ctx, func() { _ = server.Shutdown() })
	defer stop()
	return server.ActivateAndServe()
}

// ServeDNS answers one query.
func (r *resolver) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	reply := new(dns.Msg)
	reply.SetReply(query)
	reply.Authoritative = true
	if len(query.Question) == 1 {
		question := query.Question[0]
		name := strings.ToLower(strings.TrimSuffix(question.Name, "."))
		switch question.Qtype {
		case dns.TypeSRV:
			reply.Answer = r.pods(question.Name, name)
		case dns.TypeA:
			reply.Answer = address(question.Name, name)
		}
	}
	_ = w.WriteMsg(reply)
}

// pods never answers with nothing: a host without pods leads to our own page, which says why.
func (r *resolver) pods(asked, name string) []dns.RR {
	backends := r.table.Load().backends(name)
	if len(backends) == 0 {
		return []dns.RR{srv(asked, fallbackName, r.fallback.Port)}
	}
	answer := make([]dns.RR, len(backends))
	for i, backend := range backends {
		answer[i] = srv(asked, strings.ReplaceAll(backend.IP, ".", "-")+podZone, backend.Port)
	}
	return answer
}

func srv(asked, target string, port uint16) dns.RR {
	return &dns.SRV{Hdr: dns.RR_Header{Name: asked, Rrtype: dns.TypeSRV, Class: dns.ClassINET}, Port: port, Target: target + "."}
}

func address(asked, name string) []dns.RR {
	text := "127.0.0.1"
	if name != fallbackName {
		label, found := strings.CutSuffix(name, podZone)
		if !found {
			return nil
		}
		text = strings.ReplaceAll(label, "-", ".")
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || !ip.Is4() {
		return nil
	}
	return []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: asked, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: ip.AsSlice()}}
}

// backendAt reads host:port.
func backendAt(text string) (Backend, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return Backend{}, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return Backend{host, uint16(number)}, err
}
