package command

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

func TestNoWarningWhereSomebodyCanLogIn(t *testing.T) {
	t.Parallel()
	logs, err := embedded.Open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(t.Context())
	var log bytes.Buffer
	p := &program{logs: logs, log: slog.New(slog.NewTextHandler(&log, nil))}
	byProxy := serveCommand{proxyFlags: proxyFlags{AuthHeader: "X-Forwarded-User"}}
	byProxy.warnOfNoAccount(t.Context(), p)
	if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).Create(t.Context(), "root", auth.Superuser, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	new(serveCommand).warnOfNoAccount(t.Context(), p)
	if log.Len() != 0 {
		t.Errorf("logged %s", &log)
	}
}
