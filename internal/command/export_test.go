package command

import (
	"context"
	"io"
	"log/slog"
)

// RunBeside is [Run] for one of several commands that run in a process at the same time. It leaves go-redis' logger as it is:
// there is one for the whole process.
func RunBeside(
	ctx context.Context, args []string, lookupEnv func(string) (string, bool),
	stdin io.Reader, stdout, stderr io.Writer,
) int {
	return finish(run(ctx, args, streams{stdin, stdout, stderr, lookupEnv, func(*slog.Logger) {}}), stderr)
}
