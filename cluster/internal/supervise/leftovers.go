package supervise

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

const leftoverTimeout = 5 * time.Second

// stopLeftovers ends what a supervisor that was killed may have left running: the processes of its status file,
// each only while pid and start time both still name it.
func stopLeftovers(statusFile string) {
	status, err := readStatus(statusFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			logf("cannot read the last status file, so nothing of it is stopped: %v", err)
		}
		return
	}
	for i := len(status.Processes) - 1; i >= 0; i-- {
		if process := status.Processes[i]; process.PID > 1 && process.StartTime != 0 {
			stopLeftover(process)
		}
	}
}

func stopLeftover(process ProcessStatus) {
	if startTime(process.PID) != process.StartTime {
		return
	}
	logf("%s: stopping pid %d, left by a supervisor that was killed", process.Name, process.PID)
	_ = syscall.Kill(process.PID, syscall.SIGTERM)
	for deadline := time.Now().Add(leftoverTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if startTime(process.PID) != process.StartTime {
			return
		}
	}
	_ = syscall.Kill(process.PID, syscall.SIGKILL)
}
