// Package image makes small container images from files and folders. The same content gives the same digest, whenever
// and wherever it is built, so pushing an unchanged image changes nothing.
package image

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Recipe is all that makes an image.
type Recipe struct {
	Files      []File
	Dirs       []Dir
	Entrypoint []string
	Cmd        []string
	Env        []string
	Ports      []string
	WorkDir    string
	User       string
	// KeepOwners keeps the owners that the folders' files have; otherwise everything belongs to root.
	KeepOwners bool
}

// File is one file to put into the image. All of them form one layer.
type File struct {
	Source, Target string
	// Mode is 0 to keep the file's own permissions.
	Mode fs.FileMode
}

// Dir is a folder to put into the image, a layer for each, so that images which share a root share its layer.
type Dir struct{ Source, Target string }

// ParseFile reads src:dst[:mode].
func ParseFile(text string) (File, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || !strings.HasPrefix(parts[1], "/") {
		return File{}, fmt.Errorf("%q: write src:/dst or src:/dst:mode, with an absolute dst", text)
	}
	file := File{Source: parts[0], Target: parts[1]}
	if len(parts) == 3 {
		mode, err := strconv.ParseUint(parts[2], 8, 12)
		if err != nil {
			return File{}, fmt.Errorf("%q: the mode is not an octal number such as 0755", text)
		}
		file.Mode = fs.FileMode(mode & 0o777)
	}
	return file, nil
}

// ParseDir reads src:dst.
func ParseDir(text string) (Dir, error) {
	source, target, found := strings.Cut(text, ":")
	if !found || source == "" || !strings.HasPrefix(target, "/") || strings.Contains(target, ":") {
		return Dir{}, fmt.Errorf("%q: write src:/dst, with an absolute dst", text)
	}
	return Dir{Source: source, Target: target}, nil
}

// ParseName reads what an image is called. A registry on loopback is spoken to in plain HTTP.
func ParseName(text string) (name.Tag, error) {
	tag, err := name.NewTag(text)
	if err != nil {
		return tag, fmt.Errorf("%q is no image name such as apex.local/hello:1: %w", text, err)
	}
	return tag, nil
}

// At is the same repository and tag in another registry, given as host:port.
func At(tag name.Tag, registry string) (name.Tag, error) {
	if registry == "" {
		return tag, nil
	}
	return name.NewTag(registry+"/"+tag.RepositoryStr()+":"+tag.TagStr(), name.Insecure)
}

func (r Recipe) check() error {
	if len(r.Files) == 0 && len(r.Dirs) == 0 {
		return errors.New("an image needs at least one --file or --dir")
	}
	if len(r.Entrypoint) == 0 && len(r.Cmd) == 0 {
		return errors.New("an image needs an --entrypoint or a --cmd")
	}
	return nil
}
