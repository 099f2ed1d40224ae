// Package supervise keeps the node's processes running: it starts them in order, restarts what dies, and stops
// them in reverse order. It is small because the machine may have no systemd.
package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Spec is the file that says what to run.
type Spec struct {
	PIDFile    string        `json:"pidFile"`
	StatusFile string        `json:"statusFile"`
	Processes  []ProcessSpec `json:"processes"`
}

// ProcessSpec is one process that is to be kept running.
type ProcessSpec struct {
	Name    string            `json:"name"`
	Command []string          `json:"command"`
	Env     map[string]string `json:"env"`
	LogFile string            `json:"logFile"`
	Ready   *ReadySpec        `json:"ready"`
	// After names the processes that have to be ready before this one is started.
	After              []string `json:"after"`
	StopTimeoutSeconds float64  `json:"stopTimeoutSeconds"`
}

// ReadySpec says how to see that a process is ready: exactly one of tcp, http and file. Without one, running is ready.
type ReadySpec struct {
	TCP      string `json:"tcp"`
	HTTP     string `json:"http"`
	Insecure bool   `json:"insecure"`
	File     string `json:"file"`
}

const defaultStopTimeout = 10 * time.Second

// ReadSpec reads and checks a spec; every fault is named.
func ReadSpec(path string) (Spec, error) {
	var spec Spec
	content, err := os.ReadFile(path)
	if err != nil {
		return spec, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&spec); err != nil {
		return spec, fmt.Errorf("%s: %w", path, err)
	}
	return spec, spec.check()
}

func (s Spec) check() error {
	var faults []error
	fault := func(format string, values ...any) { faults = append(faults, fmt.Errorf(format, values...)) }
	if s.PIDFile == "" {
		fault("pidFile is missing")
	}
	if len(s.Processes) == 0 {
		fault("processes is empty")
	}
	// A process may only wait for one that stands before it, so no circle can be written down.
	known := map[string]bool{}
	for i, process := range s.Processes {
		if process.Name == "" || len(process.Command) == 0 || process.LogFile == "" {
			fault("processes[%d]: name, command and logFile are needed", i)
		}
		if known[process.Name] {
			fault("processes[%d]: the name %q is taken", i, process.Name)
		}
		for _, name := range process.After {
			if !known[name] {
				fault("processes[%d] (%s): after names %q, which does not stand before it", i, process.Name, name)
			}
		}
		if process.Ready != nil && process.Ready.ways() != 1 {
			fault("processes[%d] (%s): ready needs exactly one of tcp, http and file", i, process.Name)
		}
		known[process.Name] = true
	}
	return errors.Join(faults...)
}

func (r ReadySpec) ways() int {
	count := 0
	for _, way := range []string{r.TCP, r.HTTP, r.File} {
		if way != "" {
			count++
		}
	}
	return count
}

func (p ProcessSpec) stopTimeout() time.Duration {
	if p.StopTimeoutSeconds <= 0 {
		return defaultStopTimeout
	}
	return time.Duration(p.StopTimeoutSeconds * float64(time.Second))
}
