package main

import (
	"context"
	"errors"
	"flag"

	"apexpaas.com/cluster/internal/supervise"
)

func runSupervise(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("supervise", flag.ContinueOnError)
	specFile := flags.String("spec", "", "the JSON `file` that says which processes to keep running")
	state := flags.String("state", "", "the `file` to write their state to; instead of the spec's statusFile")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	if *specFile == "" {
		return errors.New("--spec is needed")
	}
	spec, err := supervise.ReadSpec(*specFile)
	if err != nil {
		return err
	}
	if *state != "" {
		spec.StatusFile = *state
	}
	return supervise.Run(ctx, spec)
}
