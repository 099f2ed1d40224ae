package main

import (
	"context"
	"errors"
	"flag"

	"apexpaas.com/cluster/internal/volumes"
)

// runVolumes mounts or unmounts all volumes at once, for a node that is started or taken down.
func runVolumes(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 || (arguments[0] != "mount" && arguments[0] != "unmount") {
		return errors.New("say mount or unmount")
	}
	flags := flag.NewFlagSet("volumes", flag.ContinueOnError)
	folder := flags.String("volumes", "", "the `folder` that holds the volumes")
	if err := parse(flags, arguments[1:]); err != nil {
		return err
	}
	if *folder == "" {
		return errors.New("--volumes is needed")
	}
	disks, err := volumes.NewDisks(*folder)
	if err != nil {
		return err
	}
	if arguments[0] == "mount" {
		return disks.MountAll(ctx)
	}
	return disks.UnmountAll(ctx)
}
