package registryaccess

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/registry/auth"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

type claims = map[string]any

func door(t *testing.T) (auth.AccessController, func(key ed25519.PrivateKey, id string, with claims) string, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	content, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "one"}}})
	must(t, err)
	file := filepath.Join(t.TempDir(), "keys.json")
	must(t, os.WriteFile(file, content, 0o600))
	made, err := auth.GetAccessController(Name, map[string]any{"issuer": "us", "service": "registry", "jwks": file})
	must(t, err)
	return made, func(key ed25519.PrivateKey, id string, with claims) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
		must(t, err)
		all := claims{"iss": "us", "aud": "registry", "sub": "tests", "exp": time.Now().Add(time.Hour).Unix(), "access": repositories("ours", "pull", "push")}
		for name, value := range with {
			all[name] = value
		}
		token, err := jwt.Signed(signer).Claims(all).Serialize()
		must(t, err)
		return token
	}, private
}

func repositories(name string, actions ...string) []map[string]any {
	return []map[string]any{{"type": "repository", "name": name, "actions": actions}}
}

func asked(kind, name, action string) auth.Access {
	return auth.Access{Resource: auth.Resource{Type: kind, Name: name}, Action: action}
}

func TestATokenAllowsWhatItSaysAndNothingElse(t *testing.T) {
	door, token, key := door(t)
	_, stranger, err := ed25519.GenerateKey(nil)
	must(t, err)
	ours, all := token(key, "one", nil), token(key, "one", claims{"access": repositories("*", "pull")})
	pull, push := asked("repository", "ours", "pull"), asked("repository", "ours", "push")
	for _, one := range []struct {
		name, header string
		asked        []auth.Access
		lacking      string
	}{
		{"its repository", "Bearer " + ours, []auth.Access{pull, push}, ""},
		{"the base, which asks for nothing", "Bearer " + ours, nil, ""},
		{"another action", "Bearer " + ours, []auth.Access{pull, asked("repository", "ours", "delete")}, "insufficient_scope"},
		{"another repository", "Bearer " + ours, []auth.Access{asked("repository", "theirs", "pull")}, "insufficient_scope"},
		{"one below it", "Bearer " + ours, []auth.Access{asked("repository", "ours/app", "pull")}, "insufficient_scope"},
		{"mounting from another", "Bearer " + ours, []auth.Access{pull, push, asked("repository", "theirs", "pull")}, "insufficient_scope"},
		{"every repository", "Bearer " + all, []auth.Access{pull, asked("repository", "theirs", "pull")}, ""},
		{"every repository, to write", "Bearer " + all, []auth.Access{push}, "insufficient_scope"},
		{"the catalog", "Bearer " + all, []auth.Access{asked("registry", "catalog", "*")}, "insufficient_scope"},
		{"no token", "", []auth.Access{pull}, "needed"},
		{"no token at the base", "", nil, "needed"},
		{"a password", "Basic dXNlcjpwYXNz", []auth.Access{pull}, "needed"},
		{"nonsense", "Bearer a.b.c", []auth.Access{pull}, "invalid_token"},
		{"an expired one", "Bearer " + token(key, "one", claims{"exp": time.Now().Add(-2 * time.Minute).Unix()}), []auth.Access{pull}, "invalid_token"},
		{"one for others", "Bearer " + token(key, "one", claims{"aud": "another"}), []auth.Access{pull}, "invalid_token"},
		{"one of another issuer", "Bearer " + token(key, "one", claims{"iss": "them"}), []auth.Access{pull}, "invalid_token"},
		{"one of a stranger's key", "Bearer " + token(stranger, "one", nil), []auth.Access{pull}, "error"},
		{"one of an unknown key", "Bearer " + token(key, "two", nil), []auth.Access{pull}, "invalid_token"},
	} {
		request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:5000/v2/", nil)
		if one.header != "" {
			request.Header.Set("Authorization", one.header)
		}
		grant, err := door.Authorized(request, one.asked...)
		if (one.lacking == "") != (err == nil && grant != nil) {
			t.Errorf("%s: %v", one.name, err)
			continue
		}
		if err == nil {
			continue
		}
		challenge, ok := err.(auth.Challenge)
		if !ok {
			t.Errorf("%s: no 401 but %v", one.name, err)
			continue
		}
		answer := httptest.NewRecorder()
		challenge.SetHeaders(request, answer)
		if header := answer.Header().Get("WWW-Authenticate"); !strings.HasPrefix(header, `Bearer realm="http://127.0.0.1:5000/`) || !strings.Contains(header+err.Error(), one.lacking) {
			t.Errorf("%s: %q", one.name, header)
		}
	}
}

func TestTheDoorIsNotMadeWithoutAKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.json")
	must(t, os.WriteFile(file, []byte(`{"keys":[]}`), 0o600))
	for _, options := range []map[string]any{{}, {"issuer": "us", "service": "registry"}, {"issuer": "us", "service": "registry", "jwks": file}, {"jwks": file}} {
		if _, err := auth.GetAccessController(Name, options); err == nil {
			t.Errorf("made of %v", options)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
