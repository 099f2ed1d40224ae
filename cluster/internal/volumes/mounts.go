package volumes

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// mount is one line of /proc/self/mountinfo.
type mount struct{ device, point string }

func readMounts() ([]mount, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseMounts(file)
}

func parseMounts(reader io.Reader) ([]mount, error) {
	var mounts []mount
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			return nil, fmt.Errorf("mountinfo has a line of %d fields", len(fields))
		}
		mounts = append(mounts, mount{device: fields[2], point: unescape.Replace(fields[4])})
	}
	return mounts, lines.Err()
}

// The kernel writes these four as octal numbers.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// mountAt finds what is mounted at a folder, and where else the same file system is mounted: there a pod uses it.
func mountAt(mounts []mount, point string) (mounted bool, elsewhere []string) {
	device := ""
	for _, m := range mounts {
		if m.point == point {
			device = m.device
		}
	}
	if device == "" {
		return false, nil
	}
	for _, m := range mounts {
		if m.device == device && m.point != point {
			elsewhere = append(elsewhere, m.point)
		}
	}
	return true, elsewhere
}

// attached says whether a loop device still holds the file: then it is mounted somewhere, maybe out of our sight.
func attached(file string) bool {
	backings, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, backing := range backings {
		content, err := os.ReadFile(backing)
		if err == nil && strings.TrimSpace(string(content)) == file {
			return true
		}
	}
	return false
}
