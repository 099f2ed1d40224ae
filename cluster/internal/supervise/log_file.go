package supervise

import (
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	maxLogSize  = 10 << 20
	logInterval = 5 * time.Second
)

// openLog opens a log to append to. The process writes to the file itself, so it outlives this program's death.
func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
}

// rotate copies a log that has grown too large to path.1 and empties it: the process goes on appending to the same file.
func rotate(path string, limit int64) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() < limit {
		return err
	}
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	copied, err := os.OpenFile(path+".1.tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(copied, source)
	if closeErr := copied.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(path+".1.tmp", path+".1"); err != nil {
		return err
	}
	return os.Truncate(path, 0)
}
