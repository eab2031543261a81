package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/store"
)

// superuserFlags name an account that is created at the start if it does not exist.
type superuserFlags struct {
	Superuser             string `placeholder:"NAME" help:"A superuser that is created at the start if there is no account of that name."`
	SuperuserPasswordFile string `credential:"superuser-password" placeholder:"FILE" help:"The file whose first line is the password of --superuser."`
}

// superuser is an account and its password; the zero superuser is nobody.
type superuser struct{ name, password string }

// superuser reads and checks what the flags name, so that a mistake shows at once and not when
// Redis answers. The password must not be made of names of the site, whose addresses site has.
func (f superuserFlags) superuser(site ...string) (superuser, error) {
	switch {
	case f.Superuser == "" && f.SuperuserPasswordFile == "":
		return superuser{}, nil
	case f.Superuser == "":
		return superuser{}, usage("--superuser-password-file is of no use without --superuser: set %s", variable("superuser"))
	case f.SuperuserPasswordFile == "":
		return superuser{}, usage("--superuser needs --superuser-password-file: put the password into a file and set %s", variable("superuser-password-file"))
	}
	if err := auth.CheckName(f.Superuser); err != nil {
		return superuser{}, usage("--superuser: %w", err)
	}
	file, err := os.Open(f.SuperuserPasswordFile)
	if err != nil {
		return superuser{}, usage("--superuser-password-file: %w", err)
	}
	defer file.Close()
	password, err := firstLine(file)
	if err == nil {
		err = auth.CheckPassword(password, append(auth.SiteNames(site...), f.Superuser)...)
	}
	if err != nil {
		return superuser{}, usage("--superuser-password-file %s: %w", f.SuperuserPasswordFile, err)
	}
	return superuser{name: f.Superuser, password: password}, nil
}

// Pauses between attempts to create the account while Redis is away.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// ensure creates the account unless it exists. It tries again until Redis answers or ctx ends.
func (s superuser) ensure(ctx context.Context, logs *store.Store, log *slog.Logger) {
	if s.name == "" {
		return
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := s.create(ctx, logs)
		switch {
		case err == nil:
			log.Info("the superuser has been created", "name", s.name)
			return
		case errors.Is(err, auth.ErrAccountExists):
			log.Info("the superuser exists already; its password is kept", "name", s.name)
			return
		case pause == firstPause && ctx.Err() == nil:
			log.Warn("the superuser can't be created yet; trying again", "name", s.name, "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// create makes the account, or returns auth.ErrAccountExists.
func (s superuser) create(ctx context.Context, logs *store.Store) error {
	changes := changesIn(logs)
	switch _, err := changes.Accounts.Get(ctx, s.name); {
	case err == nil:
		return auth.ErrAccountExists // so it is with every start but the first, and nothing is written to the audit log
	case !errors.Is(err, auth.ErrNoAccount):
		return err
	}
	return changes.Create(ctx, operator(), s.name, auth.Superuser, s.password)
}

// reset gives the account the password.
func (s superuser) reset(ctx context.Context, logs *store.Store) error {
	_, err := changesIn(logs).SetPassword(ctx, operator(), s.name, s.password)
	return err
}

// firstLine reads up to the end of the first line, which it leaves out; a password that is longer
// than any account's is cut, so that it is refused as too long.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, auth.MaxPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}
