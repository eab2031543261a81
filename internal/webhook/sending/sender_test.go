package sending_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/gin-userlog/userlog/internal/webhook/sending"
)

// destination reads one destination from the lines of its table.
func destination(t *testing.T, lines ...string) sending.Destination {
	t.Helper()
	all, err := sending.Parse([]byte("[to]\n" + strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// sender is one that is closed with the test.
func sender(t *testing.T) *sending.Sender {
	t.Helper()
	s := sending.NewSender()
	t.Cleanup(s.Close)
	return s
}

// serve starts a receiver, by http.
func serve(t *testing.T, receive http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(receive)
	t.Cleanup(server.Close)
	return server.URL
}

var testMessage = sending.Message{ID: "m1", Type: "userlog.test", Time: time.Now(), Text: "<b> & ada", Data: json.RawMessage(`{"rule":"r"}`)}

// The library of Standard Webhooks finds a message right that came by https, with the new secret and with the old one.
func TestReceiversCanVerifyMessages(t *testing.T) {
	t.Parallel()
	const old = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk"
	errs := make(chan error, 3)
	received := make(chan string, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing is found below
		for _, secret := range []string{secret, old, "whsec_" + strings.Repeat("AAAA", 8)} {
			verifier, err := standardwebhooks.NewWebhook(secret)
			if err == nil {
				err = verifier.Verify(body, r.Header)
			}
			errs <- err
		}
		received <- r.Method + " " + r.Header.Get("Content-Type") + " " + r.Header.Get("Webhook-Id") + " " + string(body)
	}))
	t.Cleanup(server.Close)
	s := sender(t)
	s.Trust(server.Certificate())
	o := s.Send(t.Context(), destination(t, `url = "`+server.URL+`/x"`, `secret = "`+secret+`"`, `old-secret = "`+old+`"`), testMessage)
	if !o.Delivered() || o.Err != nil {
		t.Fatalf("it came to %+v", o)
	}
	if first, second, third := <-errs, <-errs, <-errs; first != nil || second != nil || third == nil {
		t.Errorf("verified with the new secret: %v, the old one: %v, and another: %v", first, second, third)
	}
	got := <-received
	body, ok := strings.CutPrefix(got, "POST application/json m1 ")
	var payload struct {
		Type      string
		Timestamp time.Time
		Text      string
		Data      struct{ Rule string }
	}
	if err := json.Unmarshal([]byte(body), &payload); !ok || err != nil || payload.Type != "userlog.test" || !payload.Timestamp.Equal(testMessage.Time) || payload.Text != testMessage.Text || payload.Data.Rule != "r" {
		t.Errorf("received %s, %v", got, err)
	}
}

// Slack gets a text in which nothing is a command, and which nothing signs.
func TestSlackGetsTheText(t *testing.T) {
	t.Parallel()
	received := make(chan string, 1)
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- r.Header.Get("Webhook-Signature") + string(body)
	})
	m := testMessage
	m.Text = "<!channel> <https://evil.example|pay here> & *ada*"
	if o := sender(t).Send(t.Context(), destination(t, `url = "`+url+`"`, `format = "slack"`), m); !o.Delivered() {
		t.Fatalf("it came to %+v", o)
	}
	var payload map[string]any
	if err := json.Unmarshal([]byte(<-received), &payload); err != nil {
		t.Fatal(err)
	}
	if payload["text"] != "&lt;!channel&gt; &lt;https://evil.example|pay here&gt; &amp; *ada*" || payload["mrkdwn"] != false || payload["unfurl_links"] != false {
		t.Errorf("received %v", payload)
	}
}

// What a receiver answers decides what comes of a message. A redirect is an answer as well, and leads nowhere.
func TestAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := make(chan struct{}, 100)
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere <- struct{}{} })
	for _, c := range []struct {
		status              int
		delivered, hopeless bool
	}{
		{200, true, false},
		{204, true, false},
		{299, true, false},
		{301, false, true},
		{302, false, true},
		{307, false, true},
		{308, false, true},
		{304, false, true},
		{400, false, true},
		{401, false, true},
		{404, false, true},
		{410, false, true},
		{408, false, false},
		{425, false, false},
		{429, false, false},
		{500, false, false},
		{503, false, false},
		{599, false, false},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", other)
			w.WriteHeader(c.status)
		})
		o := sender(t).Send(t.Context(), destination(t, `url = "`+url+`"`, `secret = "`+secret+`"`), testMessage)
		if o.Status != c.status || o.Delivered() != c.delivered || o.Hopeless() != c.hopeless || o.Err != nil {
			t.Errorf("%d: %+v, delivered %v, hopeless %v", c.status, o, o.Delivered(), o.Hopeless())
		}
	}
	if len(elsewhere) > 0 {
		t.Errorf("a redirect was followed %d times", len(elsewhere))
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "99999999999": sending.MaxPause, "86400": sending.MaxPause,
		"Fri, 31 Dec 1999 23:59:59 GMT": 0, "Fri, 31 Dec 2999 23:59:59 GMT": sending.MaxPause,
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", text)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		if o := sender(t).Send(t.Context(), destination(t, `url = "`+url+`"`, `secret = "`+secret+`"`), testMessage); o.RetryAfter != want {
			t.Errorf("%q: %v, want %v", text, o.RetryAfter, want)
		}
	}
}

// A receiver that hangs, breaks off, or answers without end costs no more than its time, and some bytes. Errors don't repeat the URL.
func TestReceiversThatMisbehave(t *testing.T) {
	t.Parallel()
	hangs := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	o := sender(t).Send(ctx, destination(t, `url = "`+hangs+`/s3cr3t"`, `format = "slack"`), testMessage)
	if o.Err == nil || o.Status != 0 || o.Delivered() || o.Hopeless() || strings.Contains(o.Err.Error(), "s3cr3t") || o.Err.Error() != "no answer in time" {
		t.Errorf("one that hangs: %+v", o)
	}
	breaks := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if o = sender(t).Send(t.Context(), destination(t, `url = "`+breaks+`/s3cr3t"`, `format = "slack"`), testMessage); o.Err == nil || o.Hopeless() || strings.Contains(o.Err.Error(), "s3cr3t") {
		t.Errorf("one that breaks off: %+v", o)
	}
	endless := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for {
			if _, err := io.WriteString(w, "\x1b[31mred\u202e "); err != nil {
				return
			}
		}
	})
	o = sender(t).Send(t.Context(), destination(t, `url = "`+endless+`"`, `format = "slack"`), testMessage)
	if o.Status != 500 || !strings.HasPrefix(o.Answer, `\x1b[31mred\u202e`) || strings.ContainsAny(o.Answer, "\x1b\u202e\n") {
		t.Errorf("one without end: %+v", o)
	}
}

// One whose certificate nobody has signed gets nothing.
func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it has got the message") }))
	server.Config.ErrorLog = quietLog()
	server.StartTLS()
	t.Cleanup(server.Close)
	if o := sender(t).Send(t.Context(), destination(t, `url = "`+server.URL+`"`, `secret = "`+secret+`"`), testMessage); o.Err == nil {
		t.Errorf("it came to %+v", o)
	}
}
