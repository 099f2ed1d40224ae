package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func logf(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().UTC().Format(time.RFC3339), fmt.Sprintf(format, values...))
}

// Run keeps the processes of spec running until ctx ends, then stops them in reverse order.
// Only one Run at a time may hold a pidFile.
func Run(ctx context.Context, spec Spec) error {
	lock, err := holdPIDFile(spec.PIDFile)
	if err != nil {
		return err
	}
	defer releasePIDFile(lock)
	statusFile := spec.StatusFile
	if statusFile == "" {
		statusFile = spec.PIDFile + ".status.json"
	}
	stopLeftovers(statusFile)

	board := newBoard(statusFile, spec)
	processes := newProcesses(spec, board)
	stops := start(processes)
	rotation, stopRotation := context.WithCancel(context.Background())
	defer stopRotation()
	go rotateLogs(rotation, spec)

	<-ctx.Done()
	logf("stopping %d processes in reverse order", len(processes))
	board.update(func(s *Status) { s.State = "stopping" })
	for i := len(processes) - 1; i >= 0; i-- {
		stops[i]()
		<-processes[i].stopped
	}
	board.update(func(s *Status) { s.State = "stopped" })
	return nil
}

func newBoard(path string, spec Spec) *board {
	b := &board{path: path}
	b.update(func(s *Status) {
		s.State, s.PID, s.StartTime = "starting", os.Getpid(), startTime(os.Getpid())
		for _, process := range spec.Processes {
			s.Processes = append(s.Processes, ProcessStatus{
				Name: process.Name, State: "waiting", Since: time.Now().UTC(), LogFile: process.LogFile,
			})
		}
	})
	return b
}

func newProcesses(spec Spec, board *board) []*process {
	spawner := newSpawner()
	processes := make([]*process, len(spec.Processes))
	for i, processSpec := range spec.Processes {
		processes[i] = &process{
			spec: processSpec, spawner: spawner,
			set:   func(change func(*ProcessStatus)) { board.process(i, change) },
			ready: make(chan struct{}), stopped: make(chan struct{}),
		}
	}
	return processes
}

// start runs every process and returns, for each, what stops it.
func start(processes []*process) []context.CancelFunc {
	byName := map[string]*process{}
	stops := make([]context.CancelFunc, len(processes))
	for i, process := range processes {
		var after []<-chan struct{}
		for _, name := range process.spec.After {
			after = append(after, byName[name].ready)
		}
		byName[process.spec.Name] = process
		ctx, stop := context.WithCancel(context.Background())
		stops[i] = stop
		go process.run(ctx, after)
	}
	return stops
}

func rotateLogs(ctx context.Context, spec Spec) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(logInterval):
		}
		for _, process := range spec.Processes {
			if err := rotate(process.LogFile, maxLogSize); err != nil && !os.IsNotExist(err) {
				logf("%s: cannot rotate its log: %v", process.Name, err)
			}
		}
	}
}

// holdPIDFile writes our pid and holds the file's lock, which the kernel releases however we end.
func holdPIDFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("another supervisor holds %s: stop it first", path)
	}
	if err := file.Truncate(0); err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	return file, err
}

// releasePIDFile empties the file rather than removing it: a removed file could be locked twice.
func releasePIDFile(file *os.File) {
	_ = file.Truncate(0)
	_ = file.Close()
}
