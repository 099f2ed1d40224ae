package image

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

// Every file bears this time: a build's date must not change its digest.
var epoch = time.Unix(0, 0).UTC()

// layerWriter writes a layer's tar, each parent folder once and before what it holds.
type layerWriter struct {
	tar        *tar.Writer
	folders    map[string]bool
	links      map[inode]string
	keepOwners bool
}

type inode struct{ device, number uint64 }

func newLayerWriter(w io.Writer, keepOwners bool) *layerWriter {
	return &layerWriter{tar: tar.NewWriter(w), folders: map[string]bool{"": true}, links: map[inode]string{}, keepOwners: keepOwners}
}

func writeFiles(w io.Writer, files []File) error {
	sorted := append([]File(nil), files...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Target < sorted[j].Target })
	layer := newLayerWriter(w, false)
	for _, file := range sorted {
		info, err := os.Stat(file.Source)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a file", file.Source)
		}
		mode := file.Mode
		if mode == 0 {
			mode = info.Mode().Perm()
		}
		target := inTar(file.Target)
		if err := layer.parents(target); err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: target, Size: info.Size(), Mode: int64(mode), ModTime: epoch, Format: tar.FormatPAX}
		if err := layer.content(header, file.Source); err != nil {
			return err
		}
	}
	return layer.tar.Close()
}

func writeDir(w io.Writer, dir Dir, keepOwners bool) error {
	layer := newLayerWriter(w, keepOwners)
	// WalkDir goes in lexical order, which is what makes the layer the same each time.
	err := filepath.WalkDir(dir.Source, func(source string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir.Source, source)
		if err != nil {
			return err
		}
		target := inTar(path.Join(dir.Target, filepath.ToSlash(relative)))
		if target == "" {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if err := layer.parents(target); err != nil {
			return err
		}
		return layer.entry(source, target, info)
	})
	if err != nil {
		return err
	}
	return layer.tar.Close()
}

// entry writes a file, folder or link as it is on disk. Sockets, pipes and devices have no place in an image.
func (l *layerWriter) entry(source, target string, info fs.FileInfo) error {
	header := &tar.Header{Name: target, Mode: int64(info.Mode().Perm()) | specialBits(info.Mode()), ModTime: epoch, Format: tar.FormatPAX}
	stat, _ := info.Sys().(*syscall.Stat_t)
	if l.keepOwners && stat != nil {
		header.Uid, header.Gid = int(stat.Uid), int(stat.Gid)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, target+"/"
		l.folders[target] = true
		return l.tar.WriteHeader(header)
	case mode&fs.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		header.Typeflag, header.Linkname = tar.TypeSymlink, link
		return l.tar.WriteHeader(header)
	case mode.IsRegular():
		if stat != nil && stat.Nlink > 1 {
			key := inode{uint64(stat.Dev), stat.Ino}
			if first, found := l.links[key]; found {
				header.Typeflag, header.Linkname = tar.TypeLink, first
				return l.tar.WriteHeader(header)
			}
			l.links[key] = target
		}
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
		return l.content(header, source)
	default:
		return nil
	}
}

func (l *layerWriter) content(header *tar.Header, source string) error {
	if err := l.tar.WriteHeader(header); err != nil {
		return err
	}
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(l.tar, file); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return nil
}

func (l *layerWriter) parents(target string) error {
	folder := path.Dir(target)
	if folder == "." || l.folders[folder] {
		return nil
	}
	if err := l.parents(folder); err != nil {
		return err
	}
	l.folders[folder] = true
	return l.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: epoch, Format: tar.FormatPAX})
}

func inTar(target string) string {
	return strings.TrimPrefix(path.Clean("/"+target), "/")
}

func specialBits(mode fs.FileMode) int64 {
	var bits int64
	if mode&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}
