package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBackoffGrowsAndStartsAfreshAfterALongRun(t *testing.T) {
	wait := backoff{}
	var last time.Duration
	for i, want := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second} {
		if last = wait.next(0); last != want {
			t.Fatalf("wait %d is %s, not %s", i, last, want)
		}
	}
	for range 10 {
		last = wait.next(time.Second)
	}
	if last != lastDelay {
		t.Fatalf("the wait grew to %s, not to %s", last, lastDelay)
	}
	if got := wait.next(time.Minute); got != firstDelay {
		t.Fatalf("after a long run it is %s", got)
	}
}

func TestRotateKeepsTheOldLogAndTheOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	log, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	_, _ = log.WriteString("old\n")
	if err := rotate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".1"); err == nil {
		t.Fatal("a small log was rotated")
	}
	if err := rotate(path, 4); err != nil {
		t.Fatal(err)
	}
	_, _ = log.WriteString("new\n")
	old, _ := os.ReadFile(path + ".1")
	now, _ := os.ReadFile(path)
	if string(old) != "old\n" || string(now) != "new\n" {
		t.Fatalf("old %q, now %q", old, now)
	}
}

func TestSpecNamesEveryFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spec.json")
	content := `{"processes":[{"name":"a","command":["x"],"logFile":"l","after":["b"],"ready":{}},{"name":"a","command":[],"logFile":"l"}]}`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ReadSpec(path)
	for _, want := range []string{"pidFile is missing", `"b", which does not stand before it`, "exactly one of tcp", "processes[1]: name, command", `the name "a" is taken`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestProcessesDoNotInheritOurSecrets(t *testing.T) {
	t.Setenv("APEX_SECRET_KEY", "canary")
	for _, entry := range environment(map[string]string{"A": "b"}) {
		if strings.Contains(entry, "canary") {
			t.Fatal("a variable of ours was passed on")
		}
	}
}
