package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"apexpaas.com/cluster/internal/image"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const pushTimeout = 10 * time.Minute

// tokenLimit is more than a token has.
const tokenLimit = 64 << 10

// words collects a flag that may be given several times, a word of the command line for each.
type words []string

// String is what the flag holds, for the help text.
func (w *words) String() string { return strings.Join(*w, " ") }

// Set takes one more.
func (w *words) Set(value string) error {
	*w = append(*w, value)
	return nil
}

func runImage(ctx context.Context, arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "build":
			return buildImage(ctx, arguments[1:])
		case "push":
			return pushImage(ctx, arguments[1:])
		}
	}
	return errors.New("say build or push")
}

func buildImage(ctx context.Context, arguments []string) error {
	var recipe image.Recipe
	flags := flag.NewFlagSet("image build", flag.ContinueOnError)
	flags.Func("file", "`src:/dst[:mode]`, a file to put in; repeat for more", func(text string) error {
		file, err := image.ParseFile(text)
		recipe.Files = append(recipe.Files, file)
		return err
	})
	flags.Func("dir", "`src:/dst`, a folder to put in, as a layer of its own; repeat for more", func(text string) error {
		dir, err := image.ParseDir(text)
		recipe.Dirs = append(recipe.Dirs, dir)
		return err
	})
	flags.Var((*words)(&recipe.Entrypoint), "entrypoint", "one `word` of what the container runs; repeat for more")
	flags.Var((*words)(&recipe.Cmd), "cmd", "one `word` of its default arguments; repeat for more")
	flags.Var((*words)(&recipe.Env), "env", "a variable, `NAME=value`; repeat for more")
	flags.Var((*words)(&recipe.Ports), "expose", "a `port` that it listens on, such as 8080 or 53/udp; repeat for more")
	flags.StringVar(&recipe.WorkDir, "workdir", "", "the `folder` that it starts in")
	flags.StringVar(&recipe.User, "user", "", "the user, `uid[:gid]`, that it runs as")
	flags.BoolVar(&recipe.KeepOwners, "keep-owners", false, "keep the owners of the folders' files; else all is root's")
	imageName := flags.String("name", "", "what it is called, such as apex.local/hello:1")
	out := flags.String("out", "", "the archive `file` to write, for ctr images import")
	push := flags.Bool("push", false, "push it to its registry")
	registry := flags.String("registry", "", "push to this registry, `host:port`, in plain HTTP, instead of the one in the name")
	withToken := flags.Bool("token-stdin", false, "read the registry's token from standard input, where no other user sees it")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	if *out == "" && !*push {
		return errors.New("nothing to do with the image: give --out, --push or both")
	}
	tag, err := image.ParseName(*imageName)
	if err != nil {
		return err
	}
	built, err := image.Build(recipe)
	if err != nil {
		return err
	}
	if *out != "" {
		if err := image.Save(built, tag, *out); err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "wrote %s\n", *out)
	}
	if *push {
		return deliver(ctx, built, *imageName, *registry, *withToken)
	}
	return nil
}

func pushImage(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("image push", flag.ContinueOnError)
	in := flags.String("in", "", "the archive `file` to push, as image build wrote it")
	imageName := flags.String("name", "", "what it is called, such as 127.0.0.1:5000/hello:1")
	registry := flags.String("registry", "", "push to this registry, `host:port`, in plain HTTP, instead of the one in the name")
	withToken := flags.Bool("token-stdin", false, "read the registry's token from standard input, where no other user sees it")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	if *in == "" {
		return errors.New("--in is needed")
	}
	loaded, err := image.Load(*in)
	if err != nil {
		return err
	}
	return deliver(ctx, loaded, *imageName, *registry, *withToken)
}

func deliver(ctx context.Context, built v1.Image, imageName, registry string, withToken bool) error {
	var token string
	if withToken {
		content, err := io.ReadAll(io.LimitReader(os.Stdin, tokenLimit))
		if err != nil {
			return err
		}
		token = strings.TrimSpace(string(content))
	}
	tag, err := image.ParseName(imageName)
	if err != nil {
		return err
	}
	if tag, err = image.At(tag, registry); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	changed, err := image.Push(ctx, built, tag, token)
	if err != nil {
		return err
	}
	digest, err := built.Digest()
	if err != nil {
		return err
	}
	outcome := "unchanged"
	if changed {
		outcome = "pushed"
	}
	fmt.Fprintf(os.Stdout, "%s %s@%s\n", outcome, tag, digest)
	return nil
}
