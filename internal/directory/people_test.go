package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a directory of functions, which counts what it is asked.
type host struct {
	search func(context.Context, string) ([]Person, error)
	lookup func(context.Context, ...string) (map[string]Person, error)
	asked  atomic.Int32
}

func (h *host) Search(ctx context.Context, query string) ([]Person, error) {
	h.asked.Add(1)
	return h.search(ctx, query)
}

func (h *host) Lookup(ctx context.Context, usernames ...string) (map[string]Person, error) {
	h.asked.Add(1)
	return h.lookup(ctx, usernames...)
}

// people asks a host, and is patient with it: the machine may be busy.
func people(h Directory, said *strings.Builder) *People { return peopleWithin(time.Minute, h, said) }

// peopleWithin is people, with a host for whom anybody waits for so long.
func peopleWithin(patience time.Duration, h Directory, said *strings.Builder) *People {
	return New(Options{Directory: h, Hosts: []string{"crm.example.com"}, Logger: slog.New(slog.NewTextHandler(said, nil)), Patience: patience})
}

func TestAHostThatIsSlowFailsOrPanicsIsLost(t *testing.T) {
	for name, search := range map[string]func(context.Context, string) ([]Person, error){
		"slow":   func(ctx context.Context, _ string) ([]Person, error) { <-ctx.Done(); return nil, ctx.Err() },
		"fails":  func(context.Context, string) ([]Person, error) { return nil, errors.New("no database") },
		"panics": func(context.Context, string) ([]Person, error) { panic("no database") },
	} {
		var said strings.Builder
		h := &host{search: search}
		p := peopleWithin(50*time.Millisecond, h, &said)
		if found, err := p.Search(t.Context(), "ada"); !errors.Is(err, ErrLost) || found != nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if _, err := p.Search(t.Context(), "ada"); !errors.Is(err, ErrLost) || name == "slow" && h.asked.Load() != 1 {
			t.Errorf("%s: it was asked %d times, %v", name, h.asked.Load(), err)
		}
		if got := said.String(); strings.Count(got, "could not say") != 1 {
			t.Errorf("%s: the log says %s", name, got)
		}
	}
}

// A host that does not heed the end of its context keeps nobody waiting, however many ask.
func TestAHostThatHangs(t *testing.T) {
	release := make(chan struct{})
	h := &host{lookup: func(context.Context, ...string) (map[string]Person, error) { <-release; return nil, nil }}
	var said strings.Builder
	p := peopleWithin(50*time.Millisecond, h, &said)
	for n := range 3 * maxUnder {
		p.lookup.pauseFor(0)
		if _, err := p.Lookup(t.Context(), fmt.Sprint("user", n)); !errors.Is(err, ErrLost) {
			t.Fatal(err)
		}
	}
	if h.asked.Load() > maxUnder {
		t.Errorf("%d questions are under way", h.asked.Load())
	}
	if exists, err := p.Exists(t.Context(), "ada"); !exists || err == nil {
		t.Errorf("whom the host can't say may exist: %v, %v", exists, err)
	}
	close(release)
	for range maxUnder {
		p.under <- struct{}{} // the questions have ended
	}
}

func TestAnswersAreKept(t *testing.T) {
	h := &host{lookup: func(_ context.Context, usernames ...string) (map[string]Person, error) {
		found := map[string]Person{"stranger": {Name: "Not asked for"}}
		for _, username := range usernames {
			if username != "nobody" {
				found[username] = Person{Username: strings.ToLower(username), Name: "Name of " + username}
			}
		}
		return found, nil
	}}
	p := people(h, &strings.Builder{})
	for range 2 {
		found, err := p.Lookup(t.Context(), "ada", "nobody", "BOB")
		if err != nil || len(found) != 2 || found["ada"].Name != "Name of ada" || found["BOB"].Name != "Name of BOB" {
			t.Errorf("got %v, %v", found, err)
		}
	}
	if h.asked.Load() != 1 {
		t.Errorf("asked %d times", h.asked.Load())
	}
	for username, want := range map[string]bool{"ada": true, "nobody": false, "Bob": false} { // who is bob
		if exists, err := p.Exists(t.Context(), username); exists != want || err != nil {
			t.Errorf("%s exists: %v, %v", username, exists, err)
		}
	}
}

// A reader can ask for any text. The host is not asked for what is no username, and nothing is kept of it.
func TestTextsThatAreNoNames(t *testing.T) {
	h := &host{lookup: func(context.Context, ...string) (map[string]Person, error) { return nil, nil }}
	p := people(h, &strings.Builder{})
	for _, text := range []string{"", strings.Repeat("x", 60_000), "a\nb", "\xff"} {
		if found, err := p.Lookup(t.Context(), text); len(found) > 0 || err != nil {
			t.Errorf("%.10q: %v, %v", text, found, err)
		}
	}
	if h.asked.Load() != 0 || len(p.kept) != 0 {
		t.Errorf("the host is asked %d times, and %d answers are kept", h.asked.Load(), len(p.kept))
	}
}

func TestWhatIsHostileIsCut(t *testing.T) {
	long := strings.Repeat("x", 9000)
	facts := []Fact{
		{"Order", "\u202e4711\x00\n<b>", "https://crm.example.com/orders/4711"},
		{"a", "b", "javascript:alert(1)"},
		{"a", "b", "https://evil.example.com/"},
		{"a", "b", "https://crm.example.com@evil.example.com/"},
		{"a", "b", "//crm.example.com/"},
		{"a", "b", "https://user:pass@crm.example.com/"},
		{"a", "", "https://crm.example.com/"},
		{long, long, "https://crm.example.com/" + long},
		{"ninth", "is left out", ""},
	}
	h := &host{search: func(context.Context, string) ([]Person, error) {
		all := []Person{{Username: "ada", Name: long + "\u202e", Detail: "two\nlines\x1b[2J", Facts: facts}, {Username: "ada"}, {Username: ""}, {Username: "a\nb"}}
		for n := range 100 {
			all = append(all, Person{Username: fmt.Sprint("user", n)})
		}
		return all, nil
	}}
	found, err := people(h, &strings.Builder{}).Search(t.Context(), "ada")
	if err != nil || len(found) != MaxFound-3 || found[0].Username != "ada" || found[1].Username != "user0" {
		t.Fatalf("got %d, %v", len(found), err)
	}
	ada := found[0]
	if ada.Name != strings.Repeat("x", maxName-1)+"…" || ada.Detail != "two lines[2J" || len(ada.Facts) != 7 {
		t.Errorf("got %q, %q and %d facts", ada.Name, ada.Detail, len(ada.Facts))
	}
	if f := ada.Facts[0]; f.Text != "4711 <b>" || f.URL != "https://crm.example.com/orders/4711" {
		t.Errorf("the first fact is %+v", f)
	}
	for _, f := range ada.Facts[1:] {
		if f.URL != "" || len(f.Text) > 2*maxText || len(f.Label) > 2*maxLabel {
			t.Errorf("a fact leads to %q", f.URL)
		}
	}
}
