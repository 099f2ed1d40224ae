// Command apex-node is the node's agent: it supervises the node's processes, runs the controllers that a bare
// Kubernetes lacks (ingress and volumes), and makes small container images.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `apex-node: the node's agent

  apex-node supervise --spec FILE [--state FILE]
  apex-node controllers --kubeconfig FILE --caddy-admin HOST:PORT --ingress-listen ADDRESS --volumes DIR
  apex-node volumes mount|unmount --volumes DIR
  apex-node image build|push ...

Each says more with --help.
`

type subcommand func(ctx context.Context, arguments []string) error

var subcommands = map[string]subcommand{
	"supervise":   runSupervise,
	"controllers": runControllers,
	"volumes":     runVolumes,
	"image":       runImage,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, arguments []string) int {
	if len(arguments) == 0 || subcommands[arguments[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	err := subcommands[arguments[0]](ctx, arguments[1:])
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	default:
		fmt.Fprintf(os.Stderr, "apex-node %s: %v\n", arguments[0], err)
		return 1
	}
}

// parse reads flags and refuses stray words, so that a mistyped flag is not silently ignored.
func parse(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return nil
}
