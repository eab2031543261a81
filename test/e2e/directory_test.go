package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// An agent finds a customer whose username is a number by her name, and sees who she is, also among everyone.
func TestTheDirectoryNamesCustomers(t *testing.T) {
	t.Parallel()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"people":[{"username":"42","name":"Ada <b>Lovelace</b>","detail":"Gold","facts":[{"label":"Order","text":"4711","url":"https://crm.example.com/4711"}]}]}`)
	}))
	t.Cleanup(host.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	redis := redistest.Start(t)
	site, logs := serve(t, redis, "--directory-url", host.URL, "--directory-secret-file", secret, "--fact-host", "crm.example.com"), openStore(t, redis)
	record(logs, "constructor", "/nameless") // whom the directory does not know, and who is called like a member of every object
	record(logs, "42", "/first")
	written(t, logs)
	b := site.enter(t)
	b.visit("/live/everyone?show=")
	b.shows("#rows td.user .name", "Ada <b>Lovelace</b>")
	if names := evaluate[string](b, "[...document.querySelectorAll('#rows td.user .name')].map(name => name.textContent).join()"); names != "Ada <b>Lovelace</b>" {
		t.Fatalf("the users are called %q", names)
	}
	record(logs, "42", "/second")
	b.eventually("the new row has the name, too", "document.querySelectorAll('#rows td.user .name').length === 2")
	b.visit("/")
	b.shows("#seen .name", "Ada <b>Lovelace</b>")
	b.types("/lovelace")
	b.suggests("42", "1 user")
	b.types(kb.ArrowDown + kb.Enter)
	b.isAt("/live?username=42")
	b.shows("#person strong", "Ada <b>Lovelace</b>")
	b.shows("#person a[href='https://crm.example.com/4711']", "4711")
}
