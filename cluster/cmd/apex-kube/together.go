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

// member is a component that can share its process, with its flags read and what is global set.
type member struct {
	run func(context.Context) error
	// ready returns once those that stand behind it may start. Without it, they need not wait.
	ready func(context.Context) error
}

var members = map[string]func(flags []string) (member, error){
	"kube-apiserver":          prepareAPIServer,
	"kube-controller-manager": prepareControllerManager,
	"kube-proxy":              prepareProxy,
	"kube-scheduler":          prepareScheduler,
	"kubelet":                 prepareKubelet,
}

// runTogether runs several components in one process: each alone would hold its own copy of the shared code and of
// what that makes when it is loaded, 100 MB in all. When one ends, all do; the supervisor starts them again.
func runTogether(arguments []string) int {
	// Every component applies its settings for logs, which are the same.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer klog.Flush()

	groups := split(arguments)
	list := make([]member, len(groups))
	for i, group := range groups {
		prepare, found := members[group[0]]
		if !found {
			fmt.Fprintf(os.Stderr, "apex-kube: %q cannot share a process\n", group[0])
			return 2
		}
		// One after the other, before anything runs: what they set is global to the process.
		var err error
		if list[i], err = prepare(group[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "apex-kube: %s: %v\n", group[0], err)
			return 1
		}
	}
	type ending struct {
		name string
		err  error
	}
	endings := make(chan ending, len(list))
	go func() {
		for i, member := range list {
			go func() { endings <- ending{groups[i][0], member.run(ctx)} }()
			if member.ready != nil && member.ready(ctx) != nil {
				return
			}
		}
	}()
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
