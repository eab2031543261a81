//go:build unix

package command_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

const webhookSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// mailbox is a receiver of messages, which notes those that the library of Standard Webhooks finds right.
type mailbox struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	ids      []string
	messages []string
	status   int // of the next answers
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{t: t, status: http.StatusNoContent}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// ServeHTTP takes a message.
func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	verifier, wrong := standardwebhooks.NewWebhook(webhookSecret)
	if err == nil && wrong == nil {
		wrong = verifier.Verify(body, r.Header)
	}
	if err != nil || wrong != nil {
		m.t.Errorf("a message that is not right: %v, %v", err, wrong)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids, m.messages = append(m.ids, r.Header.Get("Webhook-Id")), append(m.messages, string(body))
	w.WriteHeader(m.status)
}

// answer sets the status of the next answers.
func (m *mailbox) answer(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
}

// all is what has come.
func (m *mailbox) all() (ids, messages []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.ids...), append([]string(nil), m.messages...)
}

// destinations writes a file of destinations.
func destinations(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "webhooks.toml")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Two programs at one Redis tell once what a superuser has made a rule about. It is counted.
func TestServeSendsWebhooks(t *testing.T) {
	t.Parallel()
	server, box := redistest.Start(t), newMailbox(t)
	file := destinations(t, "[team]", `url = "`+box.url+`"`, `secret = "`+webhookSecret+`"`)
	args := []string{
		"serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--redis", server.URL, "--webhook-file", file, "--admin-url", "https://support.example.com/userlog/",
		"--superuser", "root", "--superuser-password-file", passwordFile(t),
	}
	one, other := start(t, nil, args...), start(t, nil, args...)
	var scraped []string
	for _, r := range []*running{one, other} {
		r.origin(t)
		scraped = append(scraped, r.err.await(t, `metrics are served.* at=(\S+)`)[1])
	}
	v := visit(t, one.origin(t))
	redistest.Eventually(t, "root can log in", func() bool { return v.logIn("/userlog", "root", password).path == "/userlog/" })
	if p := v.send("/userlog/rules/add", "kind", "many-fail", "count", "2"); p.path != "/userlog/rules" || p.Find("#rules tbody tr").Length() != 1 {
		t.Fatalf("the form leads to %s", p.path)
	}
	logs := openStore(t, server.URL, store.Options{})
	for _, username := range []string{"ada", "bob", "cyd"} {
		logs.Record(store.Entry{Username: username, Method: "POST", Path: "/pay/7", Route: "/pay/:id", Code: 500, Kind: store.KindPage})
	}
	recorded := time.Now()
	redistest.Eventually(t, "a message comes", func() bool { ids, _ := box.all(); return len(ids) > 0 })
	t.Logf("the message came after %v", time.Since(recorded).Round(100*time.Millisecond))
	redistest.Eventually(t, "it is counted", func() bool {
		_, a := scrape(t, scraped[0])
		_, b := scrape(t, scraped[1])
		return strings.Contains(a+b, `userlog_webhook_messages_total{destination="team",outcome="sent"} 1`)
	})
	for _, r := range []*running{one, other} { // which looks and sends once more, if there is something
		r.end(t)
	}
	_, messages := box.all()
	const want = `"text":"On /pay/:id, requests of 3 users failed within 5 minutes. https://support.example.com/userlog/"`
	if len(messages) != 1 || !strings.Contains(messages[0], want) || regexp.MustCompile(`ada|bob|cyd|/pay/7`).MatchString(messages[0]) {
		t.Errorf("received are %q", messages)
	}
}

// Destinations that fail are found by the doctor, and no secret is in any output.
func TestTheDoctorFindsWebhooksThatFail(t *testing.T) {
	t.Parallel()
	server, box := redistest.Start(t, "--appendonly", "yes"), newMailbox(t)
	box.answer(http.StatusGone)
	client := server.Client(t)
	client.HSet(t.Context(), "userlog:{webhook}:rules", "r1", `{"kind":"user-fails","username":"ada","by":"root","made":"2026-01-01T00:00:00Z"}`)
	if d := do(t, nil, "", "doctor", "--redis", server.URL); d.status != 2 || !strings.Contains(d.out, "Mend now: There are rules for webhooks, and no program watches them") {
		t.Errorf("where nobody watches: %d, %s%s", d.status, d.out, d.err)
	}
	file := destinations(t, "[team]", `url = "`+box.url+`/s3cr3t"`, `secret = "`+webhookSecret+`"`)
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--webhook-file", file)
	logs := openStore(t, server.URL, store.Options{})
	logs.Record(store.Entry{Username: "ada", Path: "/", Code: 500, Kind: store.KindPage})
	r.err.await(t, `level=ERROR msg="a message could not be delivered, and is given up" destination=team .*status=410`)
	redistest.Eventually(t, "the doctor says so", func() bool {
		d := do(t, nil, "", "doctor", "--redis", server.URL)
		return d.status == 2 && strings.Contains(d.out, "Messages to the destination team do not arrive") && !strings.Contains(d.out, "no program watches")
	})
	for _, secret := range []string{"s3cr3t", webhookSecret} {
		if strings.Contains(r.err.String()+r.out.String(), secret) {
			t.Errorf("the log has %s: %s", secret, r.err)
		}
	}
	if c := do(t, nil, "", "config", "--webhook-file", file); strings.Contains(c.out, "s3cr3t") || !strings.Contains(c.out, "webhook-file") {
		t.Errorf("the settings are %s", c.out)
	}
}

// A file that changes takes effect by itself, and one that is wrong does not.
func TestDestinationsAreReadAgain(t *testing.T) {
	t.Parallel()
	server, box := redistest.Start(t), newMailbox(t)
	file := destinations(t, "[team]", `url = "http://127.0.0.1:1/"`, `secret = "`+webhookSecret+`"`)
	server.Client(t).HSet(t.Context(), "userlog:{webhook}:rules", "r1", `{"kind":"user-fails","username":"ada","by":"root","made":"2026-01-01T00:00:00Z"}`)
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--webhook-file", file)
	r.origin(t)
	if err := os.WriteFile(file, []byte("[team"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.err.await(t, "the destinations of webhooks can't be read again; those before stay in force")
	if err := os.WriteFile(file, []byte("[team]\nurl = \""+box.url+"\"\nsecret = \""+webhookSecret+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	logs := openStore(t, server.URL, store.Options{})
	logs.Record(store.Entry{Username: "ada", Path: "/", Code: 500, Kind: store.KindPage})
	redistest.Eventually(t, "a message comes", func() bool { ids, _ := box.all(); return len(ids) > 0 })
}

// The test says in sentences what came back, and its status whether all is well.
func TestWebhookTest(t *testing.T) {
	t.Parallel()
	box := newMailbox(t)
	file := destinations(t, "[dead]", `url = "http://127.0.0.1:1/s3cr3t"`, `format = "slack"`, "[team]", `url = "`+box.url+`/s3cr3t"`, `secret = "`+webhookSecret+`"`)
	fine := do(t, nil, "", "webhook", "test", "team", "--webhook-file", file)
	if fine.status != 0 || !strings.HasPrefix(fine.out, "team: 127.0.0.1:") || !strings.Contains(fine.out, "has taken the message, with status 204") {
		t.Errorf("one that works: %d, %s%s", fine.status, fine.out, fine.err)
	}
	if _, messages := box.all(); len(messages) != 1 || !strings.Contains(messages[0], "This is a test message of userlog. Nothing has happened.") {
		t.Errorf("received are %q", messages)
	}
	for status, want := range map[int]string{
		302: "It leads elsewhere", 401: "the same secret", 404: "Nobody takes messages there", 429: "no more messages for a while", 500: "It has failed itself", 418: "See what it expects",
	} {
		box.answer(status)
		if d := do(t, nil, "", "webhook", "test", "team", "--webhook-file", file); d.status != 1 || !strings.Contains(d.out, want) || strings.Contains(d.out, "s3cr3t") {
			t.Errorf("%d: %d, %s%s", status, d.status, d.out, d.err)
		}
	}
	box.answer(http.StatusOK)
	if all := do(t, environ{"USERLOG_WEBHOOK_FILE": file}, "", "webhook", "test"); all.status != 1 || !strings.Contains(all.out, "dead: 127.0.0.1:1 gave no answer: ") || !strings.Contains(all.out, "team: ") || strings.Contains(all.out, "s3cr3t") {
		t.Errorf("all of them: %d, %s%s", all.status, all.out, all.err)
	}
}

func TestWrongWebhooksAreNamed(t *testing.T) {
	t.Parallel()
	good := destinations(t, "[team]", `url = "https://example.com/"`, `secret = "`+webhookSecret+`"`)
	serve := []string{"serve", "--addr", "127.0.0.1:0"}
	for want, args := range map[string][]string{
		"--webhook-file: open":                       append(serve, "--webhook-file", good+"-not"),
		"[team]: secret is missing":                  append(serve, "--webhook-file", destinations(t, "[team]", `url = "https://example.com/"`)),
		"of no use without --webhook-file":           append(serve, "--admin-url", "https://support.example.com/"),
		"--admin-url is not an address":              append(serve, "--webhook-file", good, "--admin-url", "support.example.com"),
		`there is no destination "other" in ` + good: {"webhook", "test", "other", "--webhook-file", good},
		"--webhook-file":                             {"webhook", "test"},
	} {
		if r := do(t, nil, "", args...); r.status != 2 || !strings.Contains(r.err, want) {
			t.Errorf("%v: status %d, %q, want %q", args, r.status, r.err, want)
		}
	}
}
