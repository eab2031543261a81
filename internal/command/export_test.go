package command

import (
	"context"
	"io"
	"log/slog"
	"os"
)

// RunBeside is [Run] for one of several commands that run in a process at the same time. It leaves go-redis' logger as it is:
// there is one for the whole process.
func RunBeside(
	ctx context.Context, args []string, lookupEnv func(string) (string, bool),
	stdin io.Reader, stdout, stderr io.Writer,
) int {
	return RunReloading(ctx, args, lookupEnv, stdin, stdout, stderr, nil)
}

// RunReloading is [RunBeside] for a command that is asked to read its settings again by a channel, and not by signals of the process.
func RunReloading(
	ctx context.Context, args []string, lookupEnv func(string) (string, bool),
	stdin io.Reader, stdout, stderr io.Writer, asked <-chan os.Signal,
) int {
	hangups := func() (<-chan os.Signal, func()) { return asked, func() {} }
	return finish(run(ctx, args, streams{stdin, stdout, stderr, lookupEnv, hangups, func(*slog.Logger) {}}), stderr)
}
