package image

import (
	"compress/gzip"
	"io"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Build makes the image; its layers are read from disk again whenever they are needed.
func Build(recipe Recipe) (v1.Image, error) {
	if err := recipe.check(); err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, dir := range recipe.Dirs {
		var err error
		if image, err = appendLayer(image, func(w io.Writer) error { return writeDir(w, dir, recipe.KeepOwners) }); err != nil {
			return nil, err
		}
	}
	if len(recipe.Files) > 0 {
		var err error
		if image, err = appendLayer(image, func(w io.Writer) error { return writeFiles(w, recipe.Files) }); err != nil {
			return nil, err
		}
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Created = v1.Time{Time: epoch}
	file.Config = configuration(recipe)
	return mutate.ConfigFile(image, file)
}

func appendLayer(image v1.Image, write func(io.Writer) error) (v1.Image, error) {
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(write(writer)) }()
		return reader, nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching, tarball.WithCompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: epoch}, CreatedBy: "apex-node image build"}})
}

func configuration(recipe Recipe) v1.Config {
	config := v1.Config{
		Entrypoint: recipe.Entrypoint,
		Cmd:        recipe.Cmd,
		Env:        recipe.Env,
		WorkingDir: recipe.WorkDir,
		User:       recipe.User,
	}
	if !hasPath(recipe.Env) {
		config.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, recipe.Env...)
	}
	for _, port := range recipe.Ports {
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		if config.ExposedPorts == nil {
			config.ExposedPorts = map[string]struct{}{}
		}
		config.ExposedPorts[port] = struct{}{}
	}
	return config
}

func hasPath(env []string) bool {
	for _, entry := range env {
		if strings.HasPrefix(entry, "PATH=") {
			return true
		}
	}
	return false
}
