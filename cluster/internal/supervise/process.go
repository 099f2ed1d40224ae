package supervise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process runs one spec, again and again, until it is told to stop.
type process struct {
	spec    ProcessSpec
	spawner *spawner
	set     func(func(*ProcessStatus))
	// ready is closed at the first time that the process is ready, and stays so: later ones wait for it only once.
	ready   chan struct{}
	stopped chan struct{}
}

// run starts the process when those that it waits for are ready, and restarts it until ctx ends; then it stops it.
func (p *process) run(ctx context.Context, after []<-chan struct{}) {
	defer close(p.stopped)
	defer p.set(func(s *ProcessStatus) { s.State, s.PID, s.StartTime = "stopped", 0, 0 })
	for _, ready := range after {
		select {
		case <-ctx.Done():
			return
		case <-ready:
		}
	}
	wait := backoff{}
	for ctx.Err() == nil {
		began := time.Now()
		exit := p.runOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		delay := wait.next(time.Since(began))
		logf("%s: ended (%s), starting it again in %s", p.spec.Name, exit, delay)
		p.set(func(s *ProcessStatus) {
			s.State, s.PID, s.StartTime, s.LastExit = "backoff", 0, 0, exit
			s.Restarts++
		})
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

// runOnce runs the process to its end and says how it ended.
func (p *process) runOnce(ctx context.Context) string {
	log, err := openLog(p.spec.LogFile)
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	command := p.command(log)
	if err := p.spawner.start(command); err != nil {
		fmt.Fprintf(log, "apex-node: cannot start %s: %v\n", p.spec.Command[0], err)
		return err.Error()
	}
	pid := command.Process.Pid
	p.set(func(s *ProcessStatus) { s.State, s.PID, s.StartTime = "starting", pid, startTime(pid) })

	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	alive, died := context.WithCancel(ctx)
	defer died()
	go func() {
		if awaitReady(alive, p.spec.Ready) {
			p.set(func(s *ProcessStatus) {
				if s.PID == pid {
					s.State = "ready"
				}
			})
			p.announceReady()
		}
	}()

	select {
	case err = <-ended:
	case <-ctx.Done():
		p.set(func(s *ProcessStatus) { s.State = "stopping" })
		err = p.stop(pid, ended)
	}
	// What it started itself in its own group goes with it. containerd's shims are in groups of their own and stay.
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	return describeExit(err)
}

func (p *process) announceReady() {
	select {
	case <-p.ready:
	default:
		close(p.ready)
	}
}

func (p *process) stop(pid int, ended <-chan error) error {
	_ = syscall.Kill(pid, syscall.SIGTERM)
	select {
	case err := <-ended:
		return err
	case <-time.After(p.spec.stopTimeout()):
		logf("%s: still running %s after SIGTERM, killing it", p.spec.Name, p.spec.stopTimeout())
		_ = syscall.Kill(pid, syscall.SIGKILL)
		return <-ended
	}
}

func (p *process) command(log *os.File) *exec.Cmd {
	command := exec.Command(p.spec.Command[0], p.spec.Command[1:]...) //nolint:gosec // running the spec is its purpose
	command.Env = environment(p.spec.Env)
	command.Stdout, command.Stderr = log, log
	// A group of its own keeps a terminal's signals away. When this program is killed, the kernel ends the process;
	// that is safe for containerd too: its shims, and the containers, are not its children and run on.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return command
}

// inherited are the variables that a process gets from ours. Others may hold secrets of whoever ran the command.
var inherited = []string{
	"PATH", "HOME", "TZ", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

func environment(own map[string]string) []string {
	var list []string
	for _, name := range inherited {
		if value, found := os.LookupEnv(name); found {
			list = append(list, name+"="+value)
		}
	}
	// A later entry wins.
	for name, value := range own {
		list = append(list, name+"="+value)
	}
	return list
}

func describeExit(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// spawner starts every process from one thread that lives as long as this program: the kernel sends the signal of
// Pdeathsig when the starting *thread* ends, and Go ends threads when it likes.
type spawner struct{ requests chan spawnRequest }

type spawnRequest struct {
	command *exec.Cmd
	result  chan error
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan spawnRequest)}
	go func() {
		runtime.LockOSThread()
		for request := range s.requests {
			request.result <- request.command.Start()
		}
	}()
	return s
}

func (s *spawner) start(command *exec.Cmd) error {
	request := spawnRequest{command: command, result: make(chan error, 1)}
	s.requests <- request
	return <-request.result
}
