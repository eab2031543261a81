package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// usageError is a mistake in what was typed, or in a variable of the environment.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usage returns a [usageError]; it is formatted as by fmt.Errorf.
func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// mistyped is what kong found wrong with args. kong doesn't tell which commands there are where one
// is unknown.
func mistyped(err error, program *kong.Node, args []string) error {
	var names []string
	for _, command := range program.Children {
		names = append(names, command.Name)
	}
	known := strings.Join(names, ", ")
	switch {
	case len(args) == 0:
		return usage("say what to do: %s; userlog --help tells more", known)
	case !strings.HasPrefix(args[0], "-") && !slices.Contains(names, args[0]):
		return usage("there is no command %q: use one of %s; userlog --help tells more", args[0], known)
	case strings.HasPrefix(err.Error(), "--"): // a flag's value, with what would be right
		return usageError{err}
	case strings.HasPrefix(args[0], "-"):
		return usage("%w; userlog --help tells more", err)
	}
	return usage("%w; userlog %s --help tells more", err, args[0])
}

// plain is an error of one of our packages, or of Go's, as a person is shown it: without the names of
// packages in front.
func plain(err error) error {
	text := err.Error()
	for {
		name, rest, found := strings.Cut(text, ": ")
		if !found || !slices.Contains([]string{"embedded", "handlers", "store", "tls"}, name) {
			return errors.New(text)
		}
		text = rest
	}
}
