// Package registryaccess is the door of the node's registry: who holds a token of the node's key may do what the token says,
// and nobody else anything.
package registryaccess

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/distribution/distribution/v3/registry/auth"
	"github.com/distribution/distribution/v3/registry/auth/token"
	"github.com/go-jose/go-jose/v4"
)

// Name is what the registry's configuration calls it.
const Name = "apexnode"

// every stands in a token for all repositories: containerd pulls from whichever a pod names.
const every = "*"

// The tokens are the registry's own kind, which knows no "every": hence this door and not the one that comes with it.
var algorithms = []jose.SignatureAlgorithm{jose.EdDSA}

type controller struct {
	issuer, service string
	keys            map[string]crypto.PublicKey
}

func init() {
	if err := auth.Register(Name, newController); err != nil {
		panic(err)
	}
}

func newController(options map[string]any) (auth.AccessController, error) {
	text := func(name string) string {
		value, _ := options[name].(string)
		return value
	}
	made := &controller{issuer: text("issuer"), service: text("service"), keys: map[string]crypto.PublicKey{}}
	if made.issuer == "" || made.service == "" {
		return nil, errors.New("issuer and service are needed")
	}
	content, err := os.ReadFile(text("jwks"))
	if err != nil {
		return nil, err
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(content, &keys); err != nil {
		return nil, fmt.Errorf("the keys in jwks cannot be read: %w", err)
	}
	for _, key := range keys.Keys {
		if key.KeyID == "" || !key.IsPublic() {
			return nil, errors.New("the keys in jwks must be public and have an id")
		}
		made.keys[key.KeyID] = key.Key
	}
	if len(made.keys) == 0 {
		return nil, errors.New("there is no key in jwks")
	}
	return made, nil
}

// Authorized grants what is asked where the request's token allows all of it.
func (c *controller) Authorized(request *http.Request, asked ...auth.Access) (*auth.Grant, error) {
	scheme, raw, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") || raw == "" {
		return nil, c.refusal("", asked)
	}
	parsed, err := token.NewToken(raw, algorithms)
	if err != nil {
		return nil, c.refusal("invalid_token", asked)
	}
	claims, err := parsed.Verify(token.VerifyOptions{TrustedIssuers: []string{c.issuer}, AcceptedAudiences: []string{c.service}, TrustedKeys: c.keys})
	if err != nil {
		return nil, c.refusal("invalid_token", asked)
	}
	grant := &auth.Grant{User: auth.UserInfo{Name: claims.Subject}}
	for _, access := range asked {
		if !allows(claims.Access, access) {
			return nil, c.refusal("insufficient_scope", asked)
		}
		grant.Resources = append(grant.Resources, access.Resource)
	}
	return grant, nil
}

// allows reads "every" for repositories alone: the catalog, which names them all, is nobody's.
func allows(granted []*token.ResourceActions, asked auth.Access) bool {
	return slices.ContainsFunc(granted, func(one *token.ResourceActions) bool {
		return one.Type == "repository" && asked.Type == "repository" && (one.Name == asked.Name || one.Name == every) && slices.Contains(one.Actions, asked.Action)
	})
}

func (c *controller) refusal(reason string, asked []auth.Access) challenge {
	scopes := make([]string, len(asked))
	for i, access := range asked {
		scopes[i] = fmt.Sprintf("%s:%s:%s", access.Type, access.Name, access.Action)
	}
	return challenge{service: c.service, scope: strings.Join(scopes, " "), reason: reason}
}

// challenge is the 401. Nobody hands out tokens on request, so the realm leads nowhere.
type challenge struct {
	service, scope, reason string
}

var _ auth.Challenge = challenge{}

func (c challenge) Error() string {
	if c.reason == "" {
		return "a token of the node is needed"
	}
	return c.reason
}

// SetHeaders writes what was lacking.
func (c challenge) SetHeaders(request *http.Request, writer http.ResponseWriter) {
	value := fmt.Sprintf("Bearer realm=%q,service=%q", "http://"+request.Host+"/no-tokens-here", c.service)
	for _, field := range [][2]string{{"scope", c.scope}, {"error", c.reason}} {
		if field[1] != "" {
			value += fmt.Sprintf(",%s=%q", field[0], field[1])
		}
	}
	writer.Header().Set("WWW-Authenticate", value)
}
