package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// started is a supervisor under test.
type started struct {
	t      *testing.T
	spec   Spec
	folder string
	stop   context.CancelFunc
	ended  chan error
}

func begin(t *testing.T, processes func(folder string) []ProcessSpec) *started {
	t.Helper()
	folder := t.TempDir()
	spec := Spec{PIDFile: filepath.Join(folder, "pid"), StatusFile: filepath.Join(folder, "state.json"), Processes: processes(folder)}
	if err := spec.check(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &started{t: t, spec: spec, folder: folder, stop: stop, ended: make(chan error, 1)}
	go func() { s.ended <- Run(ctx, spec) }()
	t.Cleanup(func() {
		stop()
		select {
		case <-s.ended:
		case <-time.After(20 * time.Second):
			t.Error("the supervisor did not stop")
		}
		s.ended <- nil
	})
	return s
}

// until waits for the status file to satisfy a condition and returns it.
func (s *started) until(what string, holds func(Status) bool) Status {
	s.t.Helper()
	var status Status
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		status, _ = readStatus(s.spec.StatusFile)
		if holds(status) {
			return status
		}
	}
	s.t.Fatalf("never: %s; last status: %+v", what, status)
	return status
}

func shell(folder, name, script string) ProcessSpec {
	return ProcessSpec{Name: name, Command: []string{"/bin/sh", "-c", script}, LogFile: filepath.Join(folder, name+".log"), StopTimeoutSeconds: 2}
}

func isReadyState(s Status) bool { return s.State == "ready" }

func TestRestartsWhatDies(t *testing.T) {
	s := begin(t, func(folder string) []ProcessSpec {
		return []ProcessSpec{shell(folder, "worker", "echo began; exec sleep 60")}
	})
	first := s.until("ready", isReadyState).Processes[0].PID
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := s.until("restarted", func(st Status) bool {
		return len(st.Processes) == 1 && st.Processes[0].State == "ready" && st.Processes[0].Restarts == 1
	}).Processes[0]
	if again.PID == first || again.LastExit != "signal: killed" {
		t.Fatalf("the process is not a new one, or its end is not told: %+v", again)
	}
	log, _ := os.ReadFile(again.LogFile)
	if strings.Count(string(log), "began") != 2 {
		t.Fatalf("the log should hold both starts: %q", log)
	}
}

func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	var record string
	s := begin(t, func(folder string) []ProcessSpec {
		record = filepath.Join(folder, "record")
		script := func(name, ready string) string {
			return fmt.Sprintf(`trap 'echo stop %[1]s >> %[2]s; exit 0' TERM; %[3]s; echo start %[1]s >> %[2]s; touch %[2]s.%[1]s; while :; do sleep 0.02; done`, name, record, ready)
		}
		first := shell(folder, "first", script("first", "sleep 0.3"))
		first.Ready = &ReadySpec{File: record + ".first"}
		second := shell(folder, "second", script("second", ":"))
		second.After, second.Ready = []string{"first"}, &ReadySpec{File: record + ".second"}
		third := shell(folder, "third", script("third", ":"))
		third.After, third.Ready = []string{"second"}, &ReadySpec{File: record + ".third"}
		return []ProcessSpec{first, second, third}
	})
	pids := s.until("ready", isReadyState).Processes
	s.stop()
	s.until("stopped", func(st Status) bool { return st.State == "stopped" })
	content, _ := os.ReadFile(record)
	want := "start first\nstart second\nstart third\nstop third\nstop second\nstop first\n"
	if string(content) != want {
		t.Fatalf("got\n%swant\n%s", content, want)
	}
	for _, process := range pids {
		if startTime(process.PID) != 0 {
			t.Errorf("%s still runs as %d", process.Name, process.PID)
		}
	}
}

func TestKillsWhatIgnoresTheRequestToStop(t *testing.T) {
	s := begin(t, func(folder string) []ProcessSpec {
		stubborn := shell(folder, "stubborn", "trap '' TERM; sleep 61 & echo $! > "+folder+"/up.tmp; mv "+folder+"/up.tmp "+folder+"/up; while :; do sleep 0.05; done")
		stubborn.StopTimeoutSeconds, stubborn.Ready = 0.2, &ReadySpec{File: folder + "/up"}
		return []ProcessSpec{stubborn}
	})
	pid := s.until("ready", isReadyState).Processes[0].PID
	content, _ := os.ReadFile(filepath.Join(s.folder, "up"))
	child, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	s.until("stopped", func(st Status) bool { return st.State == "stopped" })
	if startTime(pid) != 0 {
		t.Fatal("it still runs")
	}
	// The child was killed with it, but it is another parent's to bury: init's, in its own time.
	for deadline := time.Now().Add(20 * time.Second); startTime(child) != 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the child that it started still runs")
		}
	}
}

func TestStopsWhatAKilledSupervisorLeft(t *testing.T) {
	s := begin(t, func(folder string) []ProcessSpec { return []ProcessSpec{shell(folder, "worker", "exec sleep 60")} })
	old := s.until("ready", isReadyState)
	// As after kill -9: a status file that names a living process. A stale start time must protect a stranger.
	stopLeftover(ProcessStatus{Name: "stranger", PID: old.Processes[0].PID, StartTime: old.Processes[0].StartTime + 1})
	if startTime(old.Processes[0].PID) == 0 {
		t.Fatal("a process with another start time was stopped")
	}
	stopLeftovers(s.spec.StatusFile)
	s.until("replaced", func(st Status) bool {
		return len(st.Processes) == 1 && st.Processes[0].State == "ready" && st.Processes[0].PID != old.Processes[0].PID
	})
}

func TestRefusesASecondSupervisor(t *testing.T) {
	s := begin(t, func(folder string) []ProcessSpec { return []ProcessSpec{shell(folder, "worker", "exec sleep 60")} })
	pid := s.until("ready", isReadyState).Processes[0].PID
	if err := Run(context.Background(), s.spec); err == nil || !strings.Contains(err.Error(), "another supervisor") {
		t.Fatalf("got %v", err)
	}
	if startTime(pid) == 0 {
		t.Fatal("the refused one touched the first one's process")
	}
}
