package image

import (
	"archive/tar"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// tree makes the same folder again, with other times.
func tree(t *testing.T, at time.Time) string {
	t.Helper()
	root := t.TempDir()
	write := func(name string, mode os.FileMode) {
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte("content of "+name), mode))
		must(t, os.Chtimes(path, at, at))
	}
	write("b/two", 0o644)
	write("a/one", 0o755)
	write("zero", 0o600)
	must(t, os.Symlink("../a/one", filepath.Join(root, "b/link")))
	must(t, os.Link(filepath.Join(root, "a/one"), filepath.Join(root, "b/same")))
	return root
}

func build(t *testing.T, root string, file string) v1.Image {
	t.Helper()
	built, err := Build(Recipe{
		Dirs: []Dir{{root, "/srv"}}, Files: []File{{Source: file, Target: "/usr/bin/tool", Mode: 0o755}},
		Entrypoint: []string{"/usr/bin/tool"}, Env: []string{"A=1"}, Ports: []string{"8080"}, WorkDir: "/srv", User: "1000",
	})
	must(t, err)
	return built
}

func TestTheSameContentGivesTheSameDigest(t *testing.T) {
	first, second := tree(t, time.Now()), tree(t, time.Now().Add(-time.Hour))
	one, err := build(t, first, filepath.Join(first, "zero")).Digest()
	must(t, err)
	two, err := build(t, second, filepath.Join(second, "zero")).Digest()
	must(t, err)
	if one != two {
		t.Fatalf("%s and %s differ", one, two)
	}
	must(t, os.WriteFile(filepath.Join(second, "zero"), []byte("other"), 0o600))
	if three, _ := build(t, second, filepath.Join(second, "zero")).Digest(); three == one {
		t.Fatal("other content has the same digest")
	}
}

func TestLayersHoldTheFilesAsTheyAre(t *testing.T) {
	root := tree(t, time.Now())
	layers, err := build(t, root, filepath.Join(root, "zero")).Layers()
	must(t, err)
	var got []string
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		must(t, err)
		for reader := tar.NewReader(content); ; {
			header, err := reader.Next()
			if err == io.EOF {
				break
			}
			must(t, err)
			if header.Uid != 0 || header.Gid != 0 || header.ModTime.Unix() != 0 {
				t.Errorf("%s is not root's, or bears a time", header.Name)
			}
			got = append(got, strings.TrimSpace(header.FileInfo().Mode().String()+" "+header.Name+" "+header.Linkname))
		}
	}
	want := []string{
		"drwxr-xr-x srv/", "drwxr-xr-x srv/a/", "-rwxr-xr-x srv/a/one", "drwxr-xr-x srv/b/",
		"Lrwxrwxrwx srv/b/link ../a/one", "-rwxr-xr-x srv/b/same srv/a/one", "-rw-r--r-- srv/b/two", "-rw------- srv/zero",
		"drwxr-xr-x usr/", "drwxr-xr-x usr/bin/", "-rwxr-xr-x usr/bin/tool",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestPushingAgainChangesNothing(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	root := tree(t, time.Now())
	named, err := ParseName("nginx:alpine")
	must(t, err)
	tag, err := At(named, strings.TrimPrefix(server.URL, "http://"))
	must(t, err)
	if !strings.HasSuffix(tag.Name(), "/library/nginx:alpine") {
		t.Fatalf("a name without a registry is pushed as %s", tag)
	}
	archive := filepath.Join(root, "image.tar")
	must(t, Save(build(t, root, filepath.Join(root, "zero")), named, archive))
	loaded, err := Load(archive)
	must(t, err)
	for i, want := range []bool{true, false} {
		changed, err := Push(context.Background(), loaded, tag, "")
		must(t, err)
		if changed != want {
			t.Fatalf("push %d: changed is %v", i, changed)
		}
	}
	pulled, err := remote.Image(tag)
	must(t, err)
	config, err := pulled.ConfigFile()
	must(t, err)
	if config.Config.User != "1000" || config.Config.WorkingDir != "/srv" || config.Config.Entrypoint[0] != "/usr/bin/tool" {
		t.Fatalf("the configuration was lost: %+v", config.Config)
	}
}

func TestBadInputIsRefusedWithWhatToWrite(t *testing.T) {
	for _, text := range []string{"", "a", "a:b", "a:/b:9", "a:/b:0644:x"} {
		if _, err := ParseFile(text); err == nil {
			t.Errorf("%q was taken for a file", text)
		}
	}
	if _, err := Build(Recipe{Entrypoint: []string{"x"}}); err == nil {
		t.Error("an image of nothing was built")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
