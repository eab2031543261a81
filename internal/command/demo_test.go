//go:build unix

package command_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "demo", "--addr", "127.0.0.1:0", "--customers", "2")
	v := visit(t, r.origin(t))
	if p := v.get("/"); p.status != http.StatusOK || p.Find(`a[href^="/userlog/"]`).Length() == 0 {
		t.Errorf("the shop: status %d, or no link to the admin", p.status)
	}
	if p := v.get("/nowhere"); p.status != http.StatusNotFound {
		t.Errorf("/nowhere: status %d", p.status)
	}
	if p := v.get("/invoice"); p.status != http.StatusInternalServerError {
		t.Errorf("/invoice: status %d", p.status)
	}
	r.out.await(t, `Log in to the shop as linus `) // ada and grace are simulated
	generated := r.out.await(t, `as admin, with the password (\S+)\.\n`)[1]
	if p := v.logIn("/userlog", "admin", generated); p.path != "/userlog/" {
		t.Fatalf("the login leads to %s with status %d", p.path, p.status)
	}
	redistest.Eventually(t, "ada's log has rows", func() bool { return v.get("/userlog/static?username=ada").Find("#rows > tr").Length() > 0 })
	missing := v.get("/userlog/static?username=nobody").Find("#messages").Text()
	if !strings.Contains(missing, "User nobody not found.") {
		t.Errorf("message %q", missing)
	}
}

func TestDemoKeepsAnAccountThatExists(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	args := []string{"demo", "--addr", "127.0.0.1:0", "--customers", "0", "--redis", server.URL}
	logsIn := func(r *running, password string) bool {
		return visit(t, r.origin(t)).logIn("/userlog", "admin", password).path == "/userlog/"
	}

	first := start(t, nil, args...)
	generated := first.out.await(t, `with the password (\S+)\.\n`)[1]
	first.end(t)

	second := start(t, nil, args...)
	second.out.await(t, "the password that it had before")
	if !logsIn(second, generated) {
		t.Error("the password that it had before does not work")
	}
	second.end(t)

	third := start(t, environ{"USERLOG_PASSWORD": password}, args...)
	third.out.await(t, "the password that you chose")
	if !logsIn(third, password) || logsIn(third, generated) {
		t.Error("the password was not changed to the one of the flag")
	}
	third.end(t)

	logs := openStore(t, server.URL, store.Options{})
	var written []string
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{Subject: "admin"}) {
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, string(r.Action)+" "+r.Via)
	}
	if want := []string{"account-created terminal", "password-set terminal"}; !slices.Equal(written, want) {
		t.Errorf("written down: %q, want %q", written, want)
	}
}

func TestDemoWithoutItsRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	r := do(t, nil, "", "demo", "--addr", "127.0.0.1:0", "--redis", server.URL)
	if r.status != 1 || r.out != "" || !strings.Contains(r.err, "can't create the superuser admin") {
		t.Errorf("status %d, output %q, standard error %q", r.status, r.out, r.err)
	}
}
