package ingress

import (
	"encoding/json"
	"strings"
	"testing"

	networking "k8s.io/api/networking/v1"
)

var addresses = Addresses{Listen: ":8080", Admin: "127.0.0.1:2019", Resolver: "127.0.0.1:10053", Fallback: "127.0.0.1:10054"}

func configOf(t *testing.T, ingresses ...*networking.Ingress) (string, string) {
	t.Helper()
	config, id, err := caddyConfig(addresses, NewTable(ingresses, byName).partial())
	if err != nil {
		t.Fatal(err)
	}
	return string(config), id
}

func TestAWholeHostNeedsNoReload(t *testing.T) {
	empty, emptyID := configOf(t)
	full, fullID := configOf(t, ingressOf("a", "one", 1, "one.example", path(prefix, "/", "web")), ingressOf("a", "two", 1, "two.example", path(prefix, "/", "web")))
	if empty != full || emptyID != fullID {
		t.Fatal("an Ingress for a whole host changes the configuration, which would cut every WebSocket")
	}
}

func TestARequestThatAPodMayHaveSeenIsNotSentToAnother(t *testing.T) {
	config, _ := configOf(t)
	// Nothing matches: only what could not be sent at all is tried again.
	if !strings.Contains(config, `"retry_match":[{"not":[{"path":["*"]}]}]`) {
		t.Fatalf("a GET that breaks off is tried on the next pod: %s", config)
	}
}

func TestAPathIsARouteThatNamesNoPod(t *testing.T) {
	_, before := configOf(t)
	config, id := configOf(t, ingressOf("a", "one", 1, "one.example", path(prefix, "/", "web"), path(prefix, "/api", "api")))
	if id == before || !strings.Contains(config, id) {
		t.Fatal("the configuration's id does not follow its content")
	}
	if !strings.Contains(config, `"path":["/api","/api/*"]`) || strings.Contains(config, "a/api") {
		t.Fatalf("the route is missing, or holds a pod's address: %s", config)
	}
	var parsed struct {
		Apps struct {
			HTTP struct {
				Servers map[string]struct {
					Listen         []string
					AutomaticHTTPS struct{ Disable bool } `json:"automatic_https"`
					Routes         []struct {
						Match    []struct{ Host []string }
						Terminal bool
					}
					Logs any
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(config), &parsed); err != nil {
		t.Fatal(err)
	}
	server := parsed.Apps.HTTP.Servers["ingress"]
	if server.Listen[0] != ":8080" || !server.AutomaticHTTPS.Disable || server.Logs != nil {
		t.Fatalf("the server is %+v", server)
	}
	if len(server.Routes) != 2 || server.Routes[0].Match[0].Host[0] != "one.example" || !server.Routes[0].Terminal || server.Routes[1].Match != nil {
		t.Fatalf("the path has to come first and the rest last: %+v", server.Routes)
	}
}
