package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/gin-userlog/userlog/auth"
)

// errInterrupted is what is left to say after Ctrl-C at a prompt.
var errInterrupted = errors.New("interrupted: nothing has been changed")

// askPassword returns a password that the account called name can have. On a terminal it asks for the password twice, and does not echo
// it. Otherwise it takes the first line of standard input. It blocks until there is a password or ctx ends.
func askPassword(ctx context.Context, std streams, name string) (string, error) {
	file, ok := std.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		password, err := interruptible(ctx, func() (string, error) { return firstLine(std.in) })
		switch {
		case err != nil:
			return "", err
		case password == "":
			return "", errors.New("no password was given: type it at the prompt, or send it as the first line of standard input")
		}
		return password, auth.CheckPassword(password, name)
	}
	password, err := prompt(ctx, file, std.err, "Password: ")
	if err != nil {
		return "", err
	}
	if err := auth.CheckPassword(password, name); err != nil {
		return "", err
	}
	again, err := prompt(ctx, file, std.err, "Password again: ")
	switch {
	case err != nil:
		return "", err
	case again != password:
		return "", errors.New("the two passwords differ: nothing has been changed")
	}
	return password, nil
}

// prompt asks on a terminal, which echoes again afterwards, also when ctx ends first.
func prompt(ctx context.Context, terminal *os.File, w io.Writer, question string) (string, error) {
	before, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	fmt.Fprint(w, question)
	answer, err := interruptible(ctx, func() (string, error) {
		answer, err := term.ReadPassword(int(terminal.Fd()))
		return string(answer), err
	})
	fmt.Fprintln(w)
	if errors.Is(err, errInterrupted) {
		if err := term.Restore(int(terminal.Fd()), before); err != nil {
			return "", fmt.Errorf("the terminal may not echo any more (try stty sane): %w", err)
		}
	}
	return answer, err
}

// interruptible returns what read returns, or errInterrupted when ctx ends first. A read can't be
// taken back. It goes on until the program ends, which it does right after errInterrupted.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	results := make(chan result, 1)
	go func() {
		text, err := read()
		results <- result{text, err}
	}()
	select {
	case r := <-results:
		if r.err != nil {
			return "", fmt.Errorf("read the password: %w", r.err)
		}
		return r.text, nil
	case <-ctx.Done():
		return "", errInterrupted
	}
}
