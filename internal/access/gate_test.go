package access_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errAway = errors.New("redis is away")

// world is everything that a gate asks, in memory.
type world struct {
	written []string // action, actor, subject and reason of each record
	reasons map[string]auth.Reason
	wait    time.Duration // of the allowance; above 0 it is used up

	logAway, reasonsAway, allowanceAway error
}

func (w *world) Append(_ context.Context, r audit.Record) (audit.Record, error) {
	if w.logAway != nil {
		return audit.Record{}, w.logAway
	}
	w.written = append(w.written, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Action, r.Actor, r.Subject, r.Reason)))
	r.Seq = int64(len(w.written))
	return r, nil
}

func (w *world) Take(context.Context, string, auth.Via) (time.Duration, error) {
	return w.wait, w.allowanceAway
}

func (w *world) State(_ context.Context, account, username, text string) error {
	if w.reasonsAway != nil {
		return w.reasonsAway
	}
	w.reasons[account+"/"+username] = auth.Reason{Text: text, Until: time.Now().Add(30 * time.Minute)}
	return nil
}

func (w *world) Current(_ context.Context, account, username string) (auth.Reason, bool, error) {
	reason, ok := w.reasons[account+"/"+username]
	return reason, ok && reason.Until.After(time.Now()), w.reasonsAway
}

// gate returns a gate to the world, which is closed at the end of the test.
func (w *world) gate(t *testing.T, options access.Options) *access.Gate {
	t.Helper()
	w.reasons = map[string]auth.Reason{}
	options.Log, options.Reasons, options.Allowance, options.Logger = w, w, w, slog.New(slog.DiscardHandler)
	gate := access.NewGate(options)
	t.Cleanup(func() { _ = gate.Close(context.Background()) }) // a test may have closed it, or taken the log away
	return gate
}

// Who asks.
var (
	vera     = auth.Access{Account: "vera", Role: auth.Viewer, Via: auth.ViaSession}
	root     = auth.Access{Account: "root", Role: auth.Superuser, Via: auth.ViaSession}
	program  = auth.Access{Account: "vera", Role: auth.Viewer, Via: auth.ViaToken}
	customer = auth.Access{Account: "ada", Via: auth.ViaHost}
	chief    = auth.Access{Account: "root", Role: auth.Superuser, Via: auth.ViaHost}
	robot    = auth.Access{Account: "robot", Role: auth.Viewer, Via: auth.ViaHostToken}
	proxied  = auth.Access{Account: "vera", Role: auth.Viewer, Via: auth.ViaProxy}
	operator = auth.Access{Account: "operator", Via: auth.ViaTerminal}
	stolen   = auth.Access{Account: "root", Role: "owner", Via: auth.ViaSession}
	nameless = auth.Access{Role: auth.Superuser, Via: auth.ViaHost}
)

// ways are all ways to a log, by their names.
func ways(g *access.Gate) map[string]func(context.Context, access.Look) access.Answer {
	return map[string]func(context.Context, access.Look) access.Answer{
		"prepare": g.Prepare, "view": g.View, "watch": g.Watch,
	}
}

// The same attacks on every way that a gate has: each is refused for the same reason, and nothing is
// written down.
func TestEveryWayRefusesTheSame(t *testing.T) {
	for _, c := range []struct {
		what    string
		who     auth.Access
		reason  string
		options access.Options
		world   world
		want    access.Decision
		not     string // a way that lets it pass
	}{
		{"nobody", auth.Access{}, "", access.Options{}, world{}, access.NeedsLogin, ""},
		{"a customer of the host", customer, "", access.Options{}, world{}, access.Refused, ""},
		{"a role that does not exist", stolen, "", access.Options{}, world{}, access.Refused, ""},
		{"a superuser without a name", nameless, "", access.Options{}, world{}, access.NeedsLogin, ""},
		{"the terminal, at the admin", operator, "", access.Options{}, world{}, access.Refused, ""},
		{"a browser, at the terminal", root, "", access.Options{Terminal: true}, world{}, access.Refused, ""},
		{"no reason", vera, "", access.Options{RequireReason: true}, world{}, access.NeedsReason, ""},
		{"a reason in a link", vera, "ticket 12", access.Options{RequireReason: true}, world{}, access.NeedsReason, ""},
		{"a reason in a link, by the host's login", chief, "ticket 12", access.Options{RequireReason: true}, world{}, access.NeedsReason, ""},
		{"a program without a reason", program, "", access.Options{RequireReason: true}, world{}, access.NeedsReason, ""},
		{"a program with an empty reason", program, " \t", access.Options{RequireReason: true}, world{}, access.NeedsReason, ""},
		{"a program that states without end", program, "ticket 12", access.Options{RequireReason: true}, world{wait: time.Minute}, access.TooMany, ""},
		{"reasons can't be read", vera, "", access.Options{RequireReason: true}, world{reasonsAway: errAway}, access.StoreLost, ""},
		{"the allowance is used up", vera, "", access.Options{}, world{wait: time.Minute}, access.TooMany, "prepare"},
		{"the allowance can't be counted", vera, "", access.Options{}, world{allowanceAway: errAway}, access.StoreLost, "prepare"},
		{"the audit log can't be written", vera, "", access.Options{}, world{logAway: errAway}, access.StoreLost, "prepare"},
		{"the audit log can't be written by a command", operator, "", access.Options{Terminal: true}, world{logAway: errAway}, access.StoreLost, "prepare"},
	} {
		for _, username := range []string{"ada", ""} {
			w := c.world
			for way, ask := range ways(w.gate(t, c.options)) {
				answer := ask(t.Context(), access.Look{Access: c.who, Username: username, Reason: c.reason})
				if way == c.not {
					continue
				}
				if answer.Decision != c.want || (answer.Err != nil) != (c.want == access.StoreLost) || (answer.Wait > 0) != (c.want == access.TooMany) {
					t.Errorf("%s, %s of %q: %s, %v, wait %s", c.what, way, username, answer.Decision, answer.Err, answer.Wait)
				}
			}
			if len(w.written) > 0 {
				t.Errorf("%s: written down is %q", c.what, w.written)
			}
		}
	}
}

// Every look that is allowed is recorded, once for each viewing.
func TestWhoLooksIsWrittenDown(t *testing.T) {
	for _, c := range []struct {
		who     auth.Access
		reason  string
		options access.Options
		want    []string
	}{
		{vera, "", access.Options{}, []string{"view vera ada", "watch vera ada", "watch-everyone vera"}},
		{program, "", access.Options{}, []string{"view vera ada", "watch vera ada", "watch-everyone vera"}},
		{program, "ticket 12", access.Options{RequireReason: true}, []string{
			"reason-stated vera ada ticket 12", "view vera ada ticket 12", "watch vera ada ticket 12",
			"reason-stated vera  ticket 12", "watch-everyone vera  ticket 12",
		}},
		{robot, "ticket 12", access.Options{RequireReason: true}, []string{
			"reason-stated robot ada ticket 12", "view robot ada ticket 12", "watch robot ada ticket 12",
			"reason-stated robot  ticket 12", "watch-everyone robot  ticket 12",
		}},
		{operator, "ticket 12", access.Options{Terminal: true}, []string{"view operator ada ticket 12", "watch operator ada ticket 12", "watch-everyone operator  ticket 12"}},
		{operator, "", access.Options{Terminal: true, RequireReason: true}, []string{"view operator ada", "watch operator ada", "watch-everyone operator"}},
	} {
		w := &world{}
		gate := w.gate(t, c.options)
		for range 2 {
			look := access.Look{Access: c.who, Username: "ada", Reason: c.reason}
			everyone := access.Look{Access: c.who, Reason: c.reason}
			for _, answer := range []access.Answer{
				gate.Prepare(t.Context(), look), gate.View(t.Context(), look), gate.Watch(t.Context(), look), gate.Watch(t.Context(), everyone),
			} {
				if answer.Decision != access.Allowed {
					t.Errorf("%s: %s, %v", c.who.Account, answer.Decision, answer.Err)
				}
				answer.End()
			}
		}
		if !slices.Equal(w.written, c.want) {
			t.Errorf("got  %q\nwant %q", w.written, c.want)
		}
	}
}

// A viewing that is under way goes on without allowance, and its end is written down.
func TestAViewingGoesOnWithoutAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		gate := w.gate(t, access.Options{})
		look := access.Look{Access: vera, Username: "ada"}
		first := gate.View(t.Context(), look)
		w.wait = time.Minute
		if again := gate.View(t.Context(), look); first.Decision != access.Allowed || again.Decision != access.Allowed {
			t.Errorf("%s, then %s", first.Decision, again.Decision)
		}
		if err := gate.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"view vera ada", "view-ended vera ada"}; !slices.Equal(w.written, want) {
			t.Errorf("written down is %q, want %q", w.written, want)
		}
		if after := gate.View(t.Context(), look); after.Decision != access.StoreLost || !errors.Is(after.Err, audit.ErrClosed) {
			t.Errorf("after Close: %s, %v", after.Decision, after.Err)
		}
	})
}

// An account can have so many viewings at once, and not more.
func TestTooManyViewings(t *testing.T) {
	w := &world{}
	gate := w.gate(t, access.Options{})
	for n := range audit.MaxViewings {
		if answer := gate.View(t.Context(), access.Look{Access: vera, Username: fmt.Sprint(n)}); answer.Decision != access.Allowed {
			t.Fatalf("%d: %s", n, answer.Decision)
		}
	}
	if answer := gate.View(t.Context(), access.Look{Access: vera, Username: "ada"}); answer.Decision != access.TooMany || answer.Wait != audit.ViewingTimeout {
		t.Errorf("one more: %s, wait %s", answer.Decision, answer.Wait)
	}
}

// An open connection has to ask again when its reason is over, and where the login is somebody else's.
func TestUntilWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		for _, c := range []struct {
			who    auth.Access
			reason time.Duration // that is left; 0 where none is needed
			want   time.Duration // 0 = for ever
		}{
			{vera, 0, 0},
			{program, 0, 0},
			{chief, 0, time.Minute},
			{proxied, 0, time.Minute},
			{robot, 0, time.Minute},
			{vera, time.Hour, time.Hour},
			{program, time.Second, time.Second},
			{chief, time.Hour, time.Minute},
			{proxied, time.Hour, time.Minute},
			{chief, time.Second, time.Second},
			{proxied, time.Second, time.Second},
		} {
			gate := w.gate(t, access.Options{RequireReason: c.reason > 0})
			var want time.Time
			if c.want > 0 {
				want = time.Now().Add(c.want)
			}
			w.reasons[c.who.Account+"/ada"] = auth.Reason{Text: "ticket 12", Until: time.Now().Add(c.reason)}
			for way, ask := range ways(gate) {
				answer := ask(t.Context(), access.Look{Access: c.who, Username: "ada"})
				answer.End()
				if answer.Decision != access.Allowed || !answer.Until.Equal(want) {
					t.Errorf("%s by %s, with a reason for %s: %s until %s, want %s", way, c.who.Via, c.reason, answer.Decision, answer.Until, want)
				}
			}
			if err := gate.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A form states a reason in its own words; whatever says nothing is none.
func TestReasonsAreStated(t *testing.T) {
	w := &world{}
	gate := w.gate(t, access.Options{RequireReason: true})
	for _, empty := range []string{"", "  ", "a\nb", "-", strings.Repeat("x", auth.MaxReason+1)} {
		if answer := gate.StateReason(t.Context(), access.Look{Access: vera, Username: "ada", Reason: empty}); answer.Decision != access.NeedsReason {
			t.Errorf("%.9q: %s", empty, answer.Decision)
		}
	}
	if answer := gate.StateReason(t.Context(), access.Look{Access: vera, Username: "ada", Reason: " ticket 12 "}); answer.Decision != access.Allowed {
		t.Fatalf("%s, %v", answer.Decision, answer.Err)
	}
	answer := gate.View(t.Context(), access.Look{Access: vera, Username: "ada"})
	if answer.Decision != access.Allowed || answer.Reason.Text != "ticket 12" {
		t.Errorf("%s for the reason %q", answer.Decision, answer.Reason.Text)
	}
	if other := gate.View(t.Context(), access.Look{Access: vera, Username: "grace"}); other.Decision != access.NeedsReason {
		t.Errorf("another user: %s", other.Decision)
	}
	if everyone := gate.Watch(t.Context(), access.Look{Access: vera}); everyone.Decision != access.NeedsReason {
		t.Errorf("everyone: %s", everyone.Decision)
	}
	if want := []string{"reason-stated vera ada ticket 12", "view vera ada ticket 12"}; !slices.Equal(w.written, want) {
		t.Errorf("written down is %q, want %q", w.written, want)
	}
	w.wait = time.Minute
	for who, want := range map[auth.Access]access.Decision{vera: access.TooMany, {}: access.NeedsLogin, customer: access.Refused} {
		if answer := gate.StateReason(t.Context(), access.Look{Access: who, Username: "ada", Reason: "ticket 13"}); answer.Decision != want {
			t.Errorf("%+v states: %s, want %s", who, answer.Decision, want)
		}
	}
}

// What is done about a user is for who may look at her log, needs the same reason, and is counted. The caller writes it down.
func TestWhoMayActOnALog(t *testing.T) {
	for who, want := range map[auth.Access]access.Decision{
		vera: access.Allowed, root: access.Allowed, chief: access.Allowed, {}: access.NeedsLogin, customer: access.Refused, stolen: access.Refused, operator: access.Refused,
	} {
		w := &world{}
		gate := w.gate(t, access.Options{})
		if answer := gate.Act(t.Context(), access.Look{Access: who, Username: "ada"}); answer.Decision != want || len(w.written) > 0 {
			t.Errorf("%+v: %s, written down is %q", who, answer.Decision, w.written)
		}
	}
	w := &world{}
	gate := w.gate(t, access.Options{RequireReason: true})
	look := access.Look{Access: vera, Username: "ada"}
	if answer := gate.Act(t.Context(), look); answer.Decision != access.NeedsReason {
		t.Errorf("without a reason: %s", answer.Decision)
	}
	w.reasons["vera/ada"] = auth.Reason{Text: "ticket 12", Until: time.Now().Add(time.Hour)}
	if answer := gate.Act(t.Context(), look); answer.Decision != access.Allowed || answer.Reason.Text != "ticket 12" {
		t.Errorf("with a reason: %s, %q", answer.Decision, answer.Reason.Text)
	}
	w.wait = time.Minute
	if answer := gate.Act(t.Context(), look); answer.Decision != access.TooMany || answer.Wait != time.Minute {
		t.Errorf("without allowance: %s, wait %s", answer.Decision, answer.Wait)
	}
	w.allowanceAway = errAway
	if answer := gate.Act(t.Context(), look); answer.Decision != access.StoreLost || answer.Err == nil {
		t.Errorf("without Redis: %s", answer.Decision)
	}
}

// The audit log is a superuser's, and looking at it is written down without a reason.
func TestTheAuditLogIsASuperusers(t *testing.T) {
	for who, want := range map[auth.Access]access.Decision{
		root: access.Allowed, chief: access.Allowed, vera: access.Refused, proxied: access.Refused, {}: access.NeedsLogin, customer: access.Refused,
	} {
		w := &world{}
		gate := w.gate(t, access.Options{RequireReason: true})
		if answer := gate.ReadAuditLog(t.Context(), access.Look{Access: who}); answer.Decision != want || (len(w.written) == 1) != (want == access.Allowed) {
			t.Errorf("%+v: %s, written down is %q", who, answer.Decision, w.written)
		}
	}
	w := &world{wait: time.Minute}
	gate := w.gate(t, access.Options{})
	if answer := gate.ReadAuditLog(t.Context(), access.Look{Access: root}); answer.Decision != access.TooMany {
		t.Errorf("without allowance: %s", answer.Decision)
	}
	if answer := gate.Spend(t.Context(), access.Look{Access: root}); answer.Decision != access.TooMany {
		t.Errorf("an action without allowance: %s", answer.Decision)
	}
}

// A user who is recorded only because somebody looks is told of by looks that are allowed, and by no others.
func TestOnlyLooksThatAreAllowedAreTold(t *testing.T) {
	var told []string
	looked := func(_ context.Context, username string) { told = append(told, username) }
	w := &world{}
	gate := w.gate(t, access.Options{RequireReason: true, Looked: looked})
	for _, look := range []access.Look{
		{Username: "ada"}, {Access: customer, Username: "ada"}, {Access: vera, Username: "ada"}, {Access: program, Username: "ada"},
	} {
		gate.View(t.Context(), look)
		gate.Watch(t.Context(), look)
	}
	for _, world := range []*world{{wait: time.Minute}, {logAway: errAway}} {
		gate := world.gate(t, access.Options{Looked: looked})
		gate.View(t.Context(), access.Look{Access: vera, Username: "ada"})
		gate.Watch(t.Context(), access.Look{Access: vera, Username: "ada"})
	}
	if len(told) > 0 {
		t.Fatalf("told of looks that are refused: %q", told)
	}
	allowed := access.Look{Access: program, Username: "ada", Reason: "ticket 12"}
	gate.Prepare(t.Context(), allowed)
	gate.View(t.Context(), allowed)
	gate.Watch(t.Context(), allowed)
	gate.Watch(t.Context(), access.Look{Access: program, Reason: "ticket 12"})
	gate.ReadAuditLog(t.Context(), access.Look{Access: root, Username: "bob"})
	if !slices.Equal(told, []string{"ada", "ada"}) {
		t.Errorf("told is %q", told)
	}
}
