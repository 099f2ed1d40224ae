// Command apex-node is the node's agent: it supervises the node's processes and makes small container images. It runs as
// long as the node does, so it is linked without Kubernetes' libraries: they alone would take 20 MB.
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
  apex-node image build|push ...

Each says more with --help.
`

type subcommand func(ctx context.Context, arguments []string) error

var subcommands = map[string]subcommand{
	"supervise": runSupervise,
	"image":     runImage,
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
