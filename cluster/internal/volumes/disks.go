// Package volumes provisions volumes on the node: each is a sparse file with an ext4 file system of the size that was
// asked for, mounted through a loop device. So a claim gets what it asked for and not a byte more.
package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	quickTimeout = time.Minute
	// A check reads all of the file system's tables.
	checkTimeout  = 15 * time.Minute
	detachTimeout = 3 * time.Second
)

// ErrInUse means that a pod has the volume mounted.
var ErrInUse = errors.New("a pod uses the volume")

// Disks are the volumes under one folder, a folder for each: the file disk.img, mounted at mount.
type Disks struct {
	folder string
	// One at a time: growing unmounts, and nobody may mount or delete in between.
	mutex sync.Mutex
}

// NewDisks makes the folder and keeps its volumes.
func NewDisks(folder string) (*Disks, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	return &Disks{folder: folder}, os.MkdirAll(folder, 0o711)
}

func (d *Disks) file(name string) string  { return filepath.Join(d.folder, name, "disk.img") }
func (d *Disks) point(name string) string { return filepath.Join(d.folder, name, "mount") }

// data is what a pod gets. It lies inside the file system, so where that is not mounted there is nothing to write to.
func (d *Disks) data(name string) string { return filepath.Join(d.point(name), "data") }

// Make makes and mounts a volume; one that is there already is only mounted.
func (d *Disks) Make(ctx context.Context, name string, size int64) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if _, err := os.Stat(d.file(name)); errors.Is(err, os.ErrNotExist) {
		if err := d.create(ctx, name, size); err != nil {
			_ = os.RemoveAll(filepath.Join(d.folder, name))
			return err
		}
	}
	return d.mount(ctx, name)
}

func (d *Disks) create(ctx context.Context, name string, size int64) error {
	free, err := freeBytes(d.folder)
	if err != nil {
		return err
	}
	if err := fits(size, free); err != nil {
		return err
	}
	if err := os.MkdirAll(d.point(name), 0o711); err != nil {
		return err
	}
	// The file bears its name only once its file system is whole.
	unfinished := d.file(name) + ".new"
	_ = os.Remove(unfinished)
	if err := resize(unfinished, size); err != nil {
		return err
	}
	if err := run(ctx, quickTimeout, "mkfs.ext4", "-q", "-F", "-m", "0", unfinished); err != nil {
		return err
	}
	return os.Rename(unfinished, d.file(name))
}

func (d *Disks) mount(ctx context.Context, name string) error {
	mounts, err := readMounts()
	if err != nil {
		return err
	}
	if mounted, _ := mountAt(mounts, d.point(name)); !mounted {
		if err := os.MkdirAll(d.point(name), 0o711); err != nil {
			return err
		}
		// discard gives blocks that were freed back to the node's disk.
		if err := run(ctx, quickTimeout, "mount", "-t", "ext4", "-o", "loop,noatime,nosuid,nodev,discard", d.file(name), d.point(name)); err != nil {
			return err
		}
	}
	if err := os.Mkdir(d.data(name), 0o777); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	} else if err == nil {
		// Any user of a container may write; the umask stood in the way of saying so at once.
		return os.Chmod(d.data(name), 0o777)
	}
	return nil
}

// unmount lets go of a volume; it is ErrInUse, and stays mounted, while a pod has it.
func (d *Disks) unmount(ctx context.Context, name string) error {
	mounts, err := readMounts()
	if err != nil {
		return err
	}
	mounted, elsewhere := mountAt(mounts, d.point(name))
	if len(elsewhere) > 0 {
		return ErrInUse
	}
	if mounted {
		if err := run(ctx, quickTimeout, "umount", d.point(name)); err != nil {
			return errors.Join(ErrInUse, err)
		}
	}
	// A mount that was made in between, or that another mount namespace has, keeps the loop device.
	for deadline := time.Now().Add(detachTimeout); attached(d.file(name)); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return errors.Join(ErrInUse, d.mount(context.WithoutCancel(ctx), name))
		}
	}
	return nil
}

// Grow makes a volume that no pod uses larger. It is mounted again in any case.
func (d *Disks) Grow(ctx context.Context, name string, size int64) (err error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	info, err := os.Stat(d.file(name))
	if err != nil {
		return err
	}
	free, err := freeBytes(d.folder)
	if err != nil {
		return err
	}
	if err := fits(size-info.Size(), free); err != nil {
		return err
	}
	if err := d.unmount(ctx, name); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.mount(context.WithoutCancel(ctx), name)) }()
	if info.Size() < size {
		if err := resize(d.file(name), size); err != nil {
			return err
		}
	}
	if err := run(ctx, checkTimeout, "e2fsck", "-f", "-p", d.file(name)); err != nil && !repaired(err) {
		return err
	}
	return run(ctx, checkTimeout, "resize2fs", d.file(name))
}

// Remove deletes a volume that no pod uses, and its data.
func (d *Disks) Remove(ctx context.Context, name string) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err := d.unmount(ctx, name); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(d.folder, name))
}

// MountAll mounts every volume, as after a reboot; one that fails does not keep the others back.
func (d *Disks) MountAll(ctx context.Context) error { return d.each(ctx, d.mount) }

func (d *Disks) each(ctx context.Context, do func(context.Context, string) error) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	files, err := filepath.Glob(filepath.Join(d.folder, "*", "disk.img"))
	if err != nil {
		return err
	}
	var faults []error
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		if err := do(ctx, name); err != nil {
			faults = append(faults, fmt.Errorf("volume %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

func resize(file string, size int64) error {
	handle, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(handle.Truncate(size), handle.Close())
}

func freeBytes(folder string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * stat.Bsize, nil
}

func run(ctx context.Context, timeout time.Duration, command string, arguments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	output, err := exec.CommandContext(ctx, command, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, strings.TrimSpace(string(output)))
	}
	return nil
}

// repaired says that e2fsck found faults and mended them all.
func repaired(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == 1
}
