package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	controllermanageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// The steps are those of upstream's commands, which cannot be used themselves: each would take the process's signals.

func prepareControllerManager(flags []string) (member, error) {
	options, err := controllermanageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return member{}, err
	}
	known, off, aliases := controllermanager.KnownControllers(), controllermanager.ControllersDisabledByDefault(), controllermanager.ControllerAliases()
	sets := options.Flags(known, off, aliases)
	options.ParsedFlags = &sets
	if err := parse(sets, flags); err != nil {
		return member{}, err
	}
	// It watches deprecated kinds of objects too, and would be warned of each.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if err := options.ComponentGlobalsRegistry.Set(); err != nil {
		return member{}, err
	}
	if err := logsapi.ValidateAndApply(options.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return member{}, err
	}
	return member{run: func(ctx context.Context) error {
		config, err := options.Config(ctx, known, off, aliases)
		if err != nil {
			return err
		}
		return controllermanager.Run(ctx, config.Complete())
	}}, nil
}

func prepareScheduler(flags []string) (member, error) {
	options := scheduleroptions.NewOptions()
	if err := parse(*options.Flags, flags); err != nil {
		return member{}, err
	}
	if err := options.ComponentGlobalsRegistry.Set(); err != nil {
		return member{}, err
	}
	if err := logsapi.ValidateAndApply(options.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return member{}, err
	}
	return member{run: func(ctx context.Context) error {
		config, instance, err := scheduler.Setup(ctx, options)
		if err != nil {
			return err
		}
		return scheduler.Run(ctx, config, instance)
	}}, nil
}

// prepareProxy leaves the settings of logs as they are, like upstream's defaults: its own are hidden in its options.
func prepareProxy(flags []string) (member, error) {
	options := proxy.NewOptions()
	set := pflag.NewFlagSet("kube-proxy", pflag.ContinueOnError)
	set.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	options.AddFlags(set)
	if err := set.Parse(flags); err != nil {
		return member{}, err
	}
	if err := options.Complete(set); err != nil {
		return member{}, err
	}
	if err := options.Validate(); err != nil {
		return member{}, err
	}
	return member{run: options.Run}, nil
}

// prepareKubelet uses the command: it alone knows how flags and file are merged. It takes the signals itself, so it has to be the
// only one that does.
func prepareKubelet(flags []string) (member, error) {
	command := kubelet.NewKubeletCommand(context.Background())
	command.SetArgs(flags)
	return member{run: func(context.Context) error { return cli.RunNoErrOutput(command) }}, nil
}

func parse(sets cliflag.NamedFlagSets, flags []string) error {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	if err := all.Parse(flags); err != nil {
		return err
	}
	if all.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", all.Arg(0))
	}
	return nil
}
