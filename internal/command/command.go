package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/gin-gonic/gin"
)

// Exit statuses.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// commandLine is everything that can be typed.
type commandLine struct {
	Demo            demoCommand            `cmd:"" help:"Try userlog: a sample shop with simulated customers, and the admin that watches them."`
	Serve           serveCommand           `cmd:"" help:"Run the admin by itself, for a Redis that applications elsewhere write to."`
	Account         accountCommand         `cmd:"" help:"List, create and change the accounts that may log in to the admin."`
	Tail            tailCommand            `cmd:"" help:"Show a log in the terminal: what was requested already, then each request as it happens."`
	Audit           auditCommand           `cmd:"" help:"Verify or export the audit log: who looked at whose log, and changed which account."`
	Index           indexCommand           `cmd:"" help:"Show or change over how many parts the user index is spread, for a Redis Cluster."`
	Backup          backupCommand          `cmd:"" help:"Write accounts, switches and the audit log to a file, which a secret guards."`
	Restore         restoreCommand         `cmd:"" help:"Read a file of userlog backup into a Redis that has none of it, and verify the audit log."`
	Purge           purgeCommand           `cmd:"" help:"Delete the logs of all users, or everything that userlog keeps in a Redis."`
	Settings        configCommand          `cmd:"" name:"config" help:"Print what is in force for serve, and where it is from."`
	Doctor          doctorCommand          `cmd:"" help:"Find out what is wrong with Redis, with applications that record, and with the way of browsers to the admin, and what to do."`
	Recording       recordingCommand       `cmd:"" help:"Show or change what applications record while they run: switch it off, or record less."`
	Webhook         webhookCommand         `cmd:"" help:"Test where messages go that tell a team of what fails."`
	Createsuperuser createSuperuserCommand `cmd:"" help:"Create a superuser, whose password is asked for; short for account create."`
	Changepassword  accountPasswordCommand `cmd:"" help:"Give an account a new password, and end its sessions and tokens; the same as account password."`
	Healthcheck     healthcheckCommand     `cmd:"" help:"Ask a program on this machine whether it works, for containers: exit status 0 when it does."`
	Completion      completionCommand      `cmd:"" help:"Print what completes commands and flags in a shell."`
	Man             manualCommand          `cmd:"" help:"Print the manual page."`

	Config  string           `placeholder:"FILE" help:"A file of settings in TOML, one a line, named as flags are: addr = \":8080\". What is in the environment goes before it, and what is typed before both."`
	Version kong.VersionFlag `help:"Show the program's version."`
}

// streams are the standard streams of a command.
type streams struct {
	in                io.Reader
	out, err          io.Writer
	lookupEnv         func(string) (string, bool)
	hangups           func() (asked <-chan os.Signal, stop func())
	redirectLibraries func(*slog.Logger) // the function of this name; tests that run several commands in a process have another
}

// Run runs the command in args until it is done, or ctx ends. It returns the exit status: 0 when the command was done or asked
// to stop, 1 when it failed, 2 for a mistake in args or in the environment. A failure is one line on stderr. lookupEnv is
// os.LookupEnv in real life.
func Run(
	ctx context.Context, args []string, lookupEnv func(string) (string, bool),
	stdin io.Reader, stdout, stderr io.Writer,
) int {
	return finish(run(ctx, args, streams{stdin, stdout, stderr, lookupEnv, hangups, redirectLibraries}), stderr)
}

// statusError ends a command that has said everything itself with a status.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// finish says why a command has failed, and returns the exit status.
func finish(err error, stderr io.Writer) int {
	if err == nil {
		return exitFine
	}
	if status := statusError(0); errors.As(err, &status) {
		return int(status)
	}
	lines := strings.Split(err.Error(), "\n")
	for i := range lines { // servers may be quoted in them
		lines[i] = visible(lines[i])
	}
	fmt.Fprintln(stderr, "userlog:", strings.Join(lines, "\n"))
	if wrong := (usageError{}); errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailed
}

func run(ctx context.Context, args []string, std streams) error {
	gin.SetMode(gin.ReleaseMode)
	std.redirectLibraries(slog.New(slog.DiscardHandler)) // commands that keep a log redirect it there
	answered, from := false, newSettings(std.lookupEnv)
	parser, err := kong.New(new(commandLine),
		kong.Name("userlog"),
		kong.Description("See what one user of a web site is doing, as it happens."),
		kong.Writers(std.out, std.err),
		kong.Vars{"version": version()},
		kong.Exit(func(int) { answered = true }), // kong has printed the help or version, and goes on
		kong.Resolvers(from),
		kong.Bind(from),
		kong.ValueFormatter(helpWithVariable),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		return fmt.Errorf("build the command line: %w", err)
	}
	parsed, err := parser.Parse(args)
	switch {
	case answered:
		return nil
	case err != nil:
		return mistyped(err, parser.Model.Node, args)
	}
	return parsed.Run(parser.Model)
}

// version is what the Go command has stamped the program with: a release, or the revision that it
// was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown version)"
	}
	return info.Main.Version
}
