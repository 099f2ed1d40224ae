package supervise

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Status is the file in which others read how the processes are.
type Status struct {
	// State is starting until every process was ready once, then ready, then stopping and stopped.
	State     string          `json:"state"`
	PID       int             `json:"pid"`
	StartTime uint64          `json:"startTime"`
	UpdatedAt time.Time       `json:"updatedAt"`
	Processes []ProcessStatus `json:"processes"`
}

// ProcessStatus is one process in the status file.
type ProcessStatus struct {
	Name string `json:"name"`
	// State is waiting, starting, ready, backoff, stopping or stopped.
	State     string    `json:"state"`
	PID       int       `json:"pid,omitempty"`
	StartTime uint64    `json:"startTime,omitempty"`
	Restarts  int       `json:"restarts"`
	Since     time.Time `json:"since"`
	LastExit  string    `json:"lastExit,omitempty"`
	LogFile   string    `json:"logFile"`
}

// board is the status in memory, written to its file at each change.
type board struct {
	path   string
	mutex  sync.Mutex
	status Status
}

func (b *board) update(change func(*Status)) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	change(&b.status)
	b.status.UpdatedAt = time.Now().UTC()
	if b.path == "" {
		return
	}
	content, err := json.MarshalIndent(b.status, "", "  ")
	if err == nil {
		err = writeAtomically(b.path, append(content, '\n'))
	}
	if err != nil {
		logf("cannot write the status file: %v", err)
	}
}

func (b *board) process(index int, change func(*ProcessStatus)) {
	b.update(func(status *Status) {
		process := &status.Processes[index]
		before := process.State
		change(process)
		if process.State != before {
			process.Since = time.Now().UTC()
		}
		if status.State == "starting" && allReady(status.Processes) {
			status.State = "ready"
		}
	})
}

func allReady(processes []ProcessStatus) bool {
	for _, process := range processes {
		if process.State != "ready" {
			return false
		}
	}
	return true
}

func readStatus(path string) (Status, error) {
	var status Status
	content, err := os.ReadFile(path)
	if err != nil {
		return status, err
	}
	return status, json.Unmarshal(content, &status)
}

func writeAtomically(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
