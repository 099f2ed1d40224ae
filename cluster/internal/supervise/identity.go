package supervise

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// startTime is when a process began, in clock ticks since boot: with it a pid names one process for good.
// It is 0 when there is no such process, or only its unreaped remains.
func startTime(pid int) uint64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything; the fields are counted from behind it.
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return 0
	}
	ticks, _ := strconv.ParseUint(fields[19], 10, 64)
	return ticks
}
