package image

import (
	"context"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Save writes the archive that `ctr images import` and `docker load` read. A file appears whole or not at all.
func Save(image v1.Image, tag name.Tag, file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := tarball.WriteToFile(file+".tmp", tag, image); err != nil {
		_ = os.Remove(file + ".tmp")
		return err
	}
	return os.Rename(file+".tmp", file)
}

// Load reads an archive that Save wrote.
func Load(file string) (v1.Image, error) {
	return tarball.ImageFromPath(file, nil)
}

// Push makes tag name the image, and says whether it did not already. Layers that the registry has are not sent again. An
// empty token is none.
func Push(ctx context.Context, image v1.Image, tag name.Tag, token string) (changed bool, err error) {
	options := []remote.Option{remote.WithContext(ctx)}
	if token != "" {
		options = append(options, remote.WithAuth(&authn.Bearer{Token: token}))
	}
	digest, err := image.Digest()
	if err != nil {
		return false, err
	}
	if known, err := remote.Head(tag, options...); err == nil && known.Digest == digest {
		return false, nil
	}
	return true, remote.Write(tag, image, options...)
}
