package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/klog/v2"
)

// separator stands between the components of one process: "kube-scheduler FLAGS... and kube-proxy FLAGS...".
const separator = "and"

// member is a component that can share its process. It reads its flags and sets what is global, and returns what runs it.
type member func(flags []string) (func(context.Context) error, error)

var members = map[string]member{
	"kube-controller-manager": prepareControllerManager,
	"kube-proxy":              prepareProxy,
	"kube-scheduler":          prepareScheduler,
	"kubelet":                 prepareKubelet,
}

// runTogether runs several components in one process: each alone would hold its own copy of the shared code and of
// what that makes when it is loaded, 100 MB in all. They start in the order given. When one ends, all do; the supervisor starts them again.
func runTogether(arguments []string) int {
	// Every component applies its settings for logs, which are the same.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer klog.Flush()

	type ending struct {
		name string
		err  error
	}
	var runs []func()
	endings := make(chan ending, len(members))
	for _, group := range split(arguments) {
		prepare, found := members[group[0]]
		if !found {
			fmt.Fprintf(os.Stderr, "apex-kube: %q cannot share a process\n", group[0])
			return 2
		}
		// One after the other, before anything runs: what they set is global to the process.
		run, err := prepare(group[1:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "apex-kube: %s: %v\n", group[0], err)
			return 1
		}
		runs = append(runs, func() { endings <- ending{group[0], run(ctx)} })
	}
	for _, run := range runs {
		go run()
	}
	// Told to stop, the first that ends is enough: none of them has anything to save, and each bears to be killed.
	first := <-endings
	if ctx.Err() != nil {
		return 0
	}
	klog.ErrorS(first.err, "A component ended, and its process with it", "component", first.name)
	return 1
}

// split returns the arguments of each component, its name first.
func split(arguments []string) [][]string {
	var groups [][]string
	for {
		end := slices.Index(arguments, separator)
		if end < 0 {
			return append(groups, arguments)
		}
		groups = append(groups, arguments[:end])
		arguments = arguments[end+1:]
	}
}
