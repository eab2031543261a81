package handlers_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

const wrongPasskey = "The passkey was not accepted. Try again, or go on without it."

// device makes passkeys, and is the verifier that believes them. It stands in for WebAuthn, which browser tests have: here, it is about
// what happens around that.
type device struct {
	mu        sync.Mutex
	questions int
	keys      map[string]pretended // by ID
}

// pretended is a passkey of a device, and what it answers.
type pretended struct {
	ID, Handle, Origin, Challenge string
	Count                         uint32
}

func (d *device) ask(site auth.PasskeySite) (options, state []byte, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.questions++
	challenge := fmt.Appendf(nil, `{"challenge":"%d","host":%q}`, d.questions, site.Host)
	return challenge, challenge, nil
}

func (d *device) Create(site auth.PasskeySite, _ auth.PasskeyUser) (options, state []byte, err error) {
	return d.ask(site)
}

func (d *device) Created(site auth.PasskeySite, user auth.PasskeyUser, state, answer []byte) (auth.PasskeyKey, error) {
	var given pretended
	if err := json.Unmarshal(answer, &given); err != nil || given.Origin != site.Origin || given.Challenge != string(state) {
		return auth.PasskeyKey{}, errors.New("no such passkey")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if given.Handle = string(user.Handle); d.keys[given.ID].ID == "" {
		d.keys[given.ID] = given
	}
	return auth.PasskeyKey{ID: []byte(given.ID), Kept: []byte(`{}`), Count: given.Count}, nil
}

func (d *device) Ask(site auth.PasskeySite) (options, state []byte, err error) { return d.ask(site) }

func (d *device) Answered(site auth.PasskeySite, state, answer []byte, find func([]byte) (auth.PasskeyUser, error)) (auth.PasskeyKey, error) {
	var given pretended
	if err := json.Unmarshal(answer, &given); err != nil || given.Origin != site.Origin || given.Challenge != string(state) {
		return auth.PasskeyKey{}, errors.New("no such answer")
	}
	d.mu.Lock()
	known := d.keys[given.ID]
	d.mu.Unlock()
	user, err := find([]byte(known.Handle))
	if err != nil {
		return auth.PasskeyKey{}, err
	}
	for _, key := range user.Keys {
		if bytes.Equal(key.ID, []byte(given.ID)) {
			return auth.PasskeyKey{ID: key.ID, Kept: key.Kept, Count: given.Count}, nil
		}
	}
	return auth.PasskeyKey{}, errors.New("no such passkey of the account")
}

// question asks the site for what a page needs to ask for a passkey.
func (b *browser) question(path string) (q auth.PasskeyQuestion) {
	b.t.Helper()
	a := b.get(base + path)
	if err := json.Unmarshal([]byte(a.body), &q); err != nil || a.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d, %s", path, a.StatusCode, a.body)
	}
	return q
}

// answer is what the browser answers to a question, by the passkey of this ID.
func (b *browser) answer(q auth.PasskeyQuestion, id string, count uint32) string {
	b.t.Helper()
	line, err := json.Marshal(pretended{ID: id, Origin: "http://" + b.host, Challenge: string(q.Options), Count: count})
	if err != nil {
		b.t.Fatal(err)
	}
	return string(line)
}

// addPasskey makes a passkey for the account that is logged in.
func (b *browser) addPasskey(id string) *answer {
	b.t.Helper()
	q := b.question("/account/passkey/new")
	return b.post(base+"/account/second-factor/passkey", form("passkey", b.answer(q, id, 1), "passkey_state", q.State, "label", "Key \u202e<1>"))
}

// named is a browser that knows the site by a name, to which passkeys can belong.
func named(b *browser) *browser {
	b.host = "localhost" + b.host[strings.LastIndexByte(b.host, ':'):]
	return b
}

// pass is a site with passkeys, and a browser in which vera is logged in, who has one.
func pass(t *testing.T) (s *site, vera *browser) {
	t.Helper()
	s = newSite(t, redistest.Start(t).Client(t), handlers.Options{Passkeys: &device{keys: map[string]pretended{}}})
	s.create("vera", auth.Viewer)
	vera = named(s.stranger())
	vera.logIn(base, "vera", password, "")
	a := vera.addPasskey("one")
	if a.StatusCode != http.StatusOK || len(strings.Fields(a.text("#secret"))) != auth.RecoveryCodes {
		t.Fatalf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	return s, vera
}

func TestAPasskeyLogsInWithoutAPassword(t *testing.T) {
	t.Parallel()
	s, vera := pass(t)
	page := vera.get(base + "/account")
	if got := page.text("#factors .name"); !strings.HasPrefix(got, "Passkey: Key <1>") || page.find("#recovery").Length() != 1 {
		t.Errorf("the page lists %q", got)
	}
	b := named(s.stranger())
	if got := b.get(base + "/login").find("#login-passkey[data-passkey='" + base + "/login/passkey'][hidden]").Length(); got != 1 {
		t.Errorf("%d forms for passkeys", got)
	}
	q := b.question("/login/passkey")
	given := form("passkey", b.answer(q, "one", 2), "passkey_state", q.State, "next", base+"/live")
	if a := b.post(base+"/login/passkey", given); a.location() != base+"/live" {
		t.Fatalf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	b.get(base+"/account").expect(http.StatusOK, "")
	replay := named(s.stranger())
	replay.post(base+"/login/passkey", given).expect(http.StatusUnprocessableEntity, wrongPasskey)
	if replay.session() != "" {
		t.Error("an answer works twice")
	}
	var lines []string
	for _, r := range s.records() {
		if r.Action != audit.PasswordSet {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Actor, r.Action, r.Detail)))
		}
	}
	slices.Sort(lines) // of two rings, nobody knows which of two records of one millisecond came first
	if want := []string{"login-failed passkey of a login", "vera login", "vera login passkey", "vera second-factor-added passkey"}; !slices.Equal(lines, want) {
		t.Errorf("written down: %q, want %q", lines, want)
	}
}

// A passkey is also the second factor behind a password, and the proof before a change.
func TestAPasskeyIsASecondFactor(t *testing.T) {
	t.Parallel()
	s, _ := pass(t)
	b := named(s.stranger())
	if a := b.logIn(base, "vera", password, ""); !strings.HasPrefix(a.location(), base+"/login/second") {
		t.Fatalf("the password leads to %q", a.location())
	}
	q := b.question("/login/passkey")
	if a := b.post(base+"/login/second", form("passkey", b.answer(q, "one", 2), "passkey_state", q.State)); a.location() != base+"/" {
		t.Fatalf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	s.outdate()
	asked := b.post(base+"/account/token", form("label", "report", "days", "7"))
	if asked.find("#proof-passkey input[name=label]").AttrOr("value", "") != "report" {
		t.Fatalf("%d: %s", asked.StatusCode, asked.body)
	}
	q = b.question("/account/passkey")
	given := form("label", "report", "days", "7", "proof_passkey", b.answer(q, "one", 3), "proof_passkey_state", q.State)
	if a := b.post(base+"/account/token", given); a.text("#secret") == "" {
		t.Errorf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	s.outdate()
	if a := b.post(base+"/account/token", given); a.StatusCode != http.StatusUnprocessableEntity || a.find("#proof-passkey input[name=label]").Length() != 1 {
		t.Errorf("the same proof again: %d", a.StatusCode)
	}
}

// Answers are for one question, one account and one site. A copy of a passkey shows by its counter.
func TestPasskeysThatAreNotAccepted(t *testing.T) {
	t.Parallel()
	s, vera := pass(t)
	s.create("eve", auth.Viewer)
	eve := named(s.stranger())
	eve.logIn(base, "eve", password, "")
	if a := eve.addPasskey("one"); a.StatusCode != http.StatusUnprocessableEntity || s.account("eve").SecondFactor {
		t.Errorf("a passkey that somebody else has: %d", a.StatusCode)
	}
	eve.addPasskey("two")
	halfway := named(s.stranger())
	halfway.logIn(base, "vera", password, "")
	anybody := named(s.stranger()).question("/login/passkey")
	second, own, fresh := halfway.question("/login/passkey"), eve.question("/account/passkey"), eve.question("/account/passkey/new")
	elsewhere := s.stranger()
	for what, a := range map[string]*answer{
		"somebody else's":                    halfway.post(base+"/login/second", form("passkey", eve.answer(second, "two", 9), "passkey_state", second.State)),
		"to a question for everybody":        halfway.post(base+"/login/second", form("passkey", eve.answer(anybody, "one", 9), "passkey_state", anybody.State)),
		"to a question for somebody else":    halfway.post(base+"/login/second", form("passkey", eve.answer(own, "two", 9), "passkey_state", own.State)),
		"to a question for a new one":        named(s.stranger()).post(base+"/login/passkey", form("passkey", eve.answer(fresh, "two", 9), "passkey_state", fresh.State)),
		"at another address":                 elsewhere.post(base+"/login/passkey", form("passkey", eve.answer(anybody, "two", 9), "passkey_state", anybody.State)),
		"of nobody":                          named(s.stranger()).post(base+"/login/passkey", form("passkey", eve.answer(anybody, "three", 9), "passkey_state", anybody.State)),
		"nothing":                            named(s.stranger()).post(base+"/login/passkey", nil),
		"an endless one":                     named(s.stranger()).post(base+"/login/passkey", form("passkey", strings.Repeat("x", 40_000), "passkey_state", anybody.State)),
		"a new one, by a question to log in": eve.post(base+"/account/second-factor/passkey", form("passkey", eve.answer(own, "four", 1), "passkey_state", own.State)),
	} {
		if a.StatusCode != http.StatusUnprocessableEntity || a.text("#messages") != wrongPasskey {
			t.Errorf("%s: %d, %q", what, a.StatusCode, a.text("#messages"))
		}
	}
	if err := auth.NewThrottle(s.client, s.authKeys()).Succeeded(t.Context(), "", "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	q := named(s.stranger()).question("/login/passkey")
	copied := named(s.stranger()).post(base+"/login/passkey", form("passkey", vera.answer(q, "one", 1), "passkey_state", q.State))
	if copied.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(copied.text("#messages"), "The passkey was not accepted: it seems to be a copy.") {
		t.Errorf("a copy: %d, %q", copied.StatusCode, copied.text("#messages"))
	}
	if a := elsewhere.get(base + "/login/passkey"); a.StatusCode != http.StatusNotFound {
		t.Errorf("at an address without a name: %d", a.StatusCode)
	}
}

// A passkey that was removed, perhaps because somebody else has it, does not come back by the answer with which it was made.
func TestARemovedPasskeyStaysAway(t *testing.T) {
	t.Parallel()
	_, vera := pass(t)
	q := vera.question("/account/passkey/new")
	given := form("passkey", vera.answer(q, "two", 1), "passkey_state", q.State, "label", "lost")
	vera.post(base+"/account/second-factor/passkey", given).expect(http.StatusSeeOther, "")
	vera.post(base+"/account/second-factor/passkey/remove", form("id", base64.RawURLEncoding.EncodeToString([]byte("two")))).expect(http.StatusSeeOther, "")
	vera.post(base+"/account/second-factor/passkey", given).expect(http.StatusUnprocessableEntity, wrongPasskey)
	if got := vera.get(base + "/account").text("#factors"); strings.Contains(got, "lost") {
		t.Errorf("the page lists %q", got)
	}
}

// Of several logins by one answer at the same time one is let in. A disabled account is not.
func TestAnAnswerIsTakenOnce(t *testing.T) {
	t.Parallel()
	s, vera := pass(t)
	q := named(s.stranger()).question("/login/passkey")
	s.together(4, "hgetall")
	var mu sync.Mutex
	in := 0
	var logins sync.WaitGroup
	for range 4 {
		b := named(s.stranger())
		logins.Go(func() {
			if a := b.post(base+"/login/passkey", form("passkey", vera.answer(q, "one", 7), "passkey_state", q.State)); a.StatusCode == http.StatusSeeOther {
				mu.Lock()
				defer mu.Unlock()
				in++
			}
		})
	}
	logins.Wait()
	if in != 1 {
		t.Errorf("%d logins", in)
	}
	q = named(s.stranger()).question("/login/passkey")
	s.createSuperuser()
	if err := s.accounts().Disable(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	b := named(s.stranger())
	b.post(base+"/login/passkey", form("passkey", vera.answer(q, "one", 8), "passkey_state", q.State)).expect(http.StatusUnprocessableEntity, wrongPasskey)
	if b.session() != "" {
		t.Error("a disabled account is let in")
	}
}

func TestAPasskeyIsRemoved(t *testing.T) {
	t.Parallel()
	s, vera := pass(t)
	id := vera.get(base+"/account").find("form[action$='/passkey/remove'] input[name=id]").AttrOr("value", "")
	if a := vera.post(base+"/account/second-factor/passkey/remove", form("id", "nosuch")); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("one that is not there: %d", a.StatusCode)
	}
	q := named(s.stranger()).question("/login/passkey")
	if a := vera.post(base+"/account/second-factor/passkey/remove", form("id", id)); a.location() != base+"/account?done=factor-removed" {
		t.Errorf("%d, %q", a.StatusCode, a.text("#messages"))
	}
	if vera.get(base+"/").StatusCode != http.StatusOK || s.account("vera").SecondFactor {
		t.Error("the session is lost, or the passkey is still there")
	}
	named(s.stranger()).post(base+"/login/passkey", form("passkey", vera.answer(q, "one", 7), "passkey_state", q.State)).expect(http.StatusUnprocessableEntity, wrongPasskey)
}
