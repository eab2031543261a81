//go:build unix

package team_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/team"
)

// keys needs no prefix: every test has a Redis of its own.
var keys team.Keys

// book is an audit log in memory, which may be away.
type book struct {
	written []string // actor, action, subject, reason and detail of each record
	away    error
}

func (b *book) Append(_ context.Context, r audit.Record) (audit.Record, error) {
	if b.away == nil {
		b.written = append(b.written, strings.Join([]string{r.Actor, string(r.Action), r.Subject, r.Reason, r.Detail}, " "))
	}
	return r, b.away
}

// desk is a board, and who makes changes to it.
type desk struct {
	t       *testing.T
	board   *team.Board
	book    book
	changes team.Changes
}

func newDesk(t *testing.T, client redis.UniversalClient) *desk {
	t.Helper()
	d := &desk{t: t, board: team.NewBoard(client, keys)}
	d.changes = team.Changes{Board: d.board, Log: &d.book, Now: time.Now, Mask: func(text string) string { return strings.ReplaceAll(text, "4111111111111111", "***") }}
	return d
}

func by(account, username string) team.Change {
	return team.Change{By: audit.Actor{Name: account}, Reason: "ticket 12", Username: username, Keep: time.Hour}
}

// note adds a note.
func (d *desk) note(account, username, text string) {
	d.t.Helper()
	if err := d.changes.AddNote(d.t.Context(), by(account, username), text); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) sheet(username string) team.Sheet {
	d.t.Helper()
	sheets, err := d.board.Sheets(d.t.Context(), username)
	if err != nil {
		d.t.Fatal(err)
	}
	return sheets[0]
}

// notes are account and text of each note, the newest first.
func (d *desk) notes(username string) []string {
	d.t.Helper()
	var all []string
	for _, n := range d.sheet(username).Notes {
		all = append(all, n.By+": "+n.Text)
	}
	return all
}

// A note is there with who wrote it and when, without secrets; its text is not in the audit log. Only its author deletes it, or a
// superuser.
func TestNotes(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d := newDesk(t, client)
		d.note("vera", "ada", " card 4111111111111111\r\ndeclined ")
		d.note("willi", "ada", "calls back at 3")
		if got, want := d.notes("ada"), []string{"willi: calls back at 3", "vera: card ***\ndeclined"}; !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		notes := d.sheet("ada").Notes
		if age := time.Since(notes[1].At); age < -time.Minute || age > time.Minute {
			t.Errorf("the note is %s old", age)
		}
		if left := client.PTTL(t.Context(), keys.Sheet("ada")).Val(); left <= 0 || left > time.Hour {
			t.Errorf("the sheet expires after %s", left)
		}
		if err := d.changes.DeleteNote(t.Context(), by("willi", "ada"), notes[1].ID, false); !errors.Is(err, team.ErrNotYours) {
			t.Errorf("willi: %v", err)
		}
		if err := d.changes.DeleteNote(t.Context(), by("vera", "ada"), notes[1].ID, false); err != nil {
			t.Errorf("vera: %v", err)
		}
		if err := d.changes.DeleteNote(t.Context(), by("vera", "ada"), notes[1].ID, false); !errors.Is(err, team.ErrNoNote) {
			t.Errorf("again: %v", err)
		}
		if err := d.changes.DeleteNote(t.Context(), by("root", "ada"), notes[0].ID, true); err != nil {
			t.Errorf("a superuser: %v", err)
		}
		number := func(n team.Note) string { return n.ID[strings.IndexByte(n.ID, ':')+1:] }
		want := []string{
			"vera note-added ada ticket 12 " + number(notes[1]), "willi note-added ada ticket 12 " + number(notes[0]),
			"vera note-deleted ada ticket 12 " + number(notes[1]) + " by vera", "root note-deleted ada ticket 12 " + number(notes[0]) + " by willi",
		}
		if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(d.book.written)), want) {
			t.Errorf("written down is %q, want %q", d.book.written, want)
		}
		if !d.sheet("ada").Empty() || !d.sheet("bob").Empty() {
			t.Error("something is left")
		}
	})
}

// The oldest note makes room, and the same one that was sent twice is one.
func TestNotesAreFew(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d := newDesk(t, client)
		for n := range team.MaxNotes + 5 {
			d.note("vera", "ada", fmt.Sprint("note ", n))
			d.note("vera", "ada", fmt.Sprint("note ", n))
		}
		got := d.notes("ada")
		if len(got) != team.MaxNotes || len(d.book.written) != team.MaxNotes+5 {
			t.Fatalf("%d notes, %d records: %q", len(got), len(d.book.written), got)
		}
		if fields := client.HLen(t.Context(), keys.Sheet("ada")).Val(); fields != team.MaxNotes {
			t.Errorf("Redis keeps %d", fields)
		}
	})
}

// Whether a note was sent twice is told by the clock that its time is of: that of Redis, which may be another one than ours.
func TestNotesSentTwiceAreToldByTheClockOfRedis(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d := newDesk(t, client)
		d.note("vera", "ada", "called, and nobody answered")
		d.changes.Now = func() time.Time { return time.Now().Add(time.Minute) }
		d.note("vera", "ada", "called, and nobody answered")
		if got := d.notes("ada"); len(got) != 2 {
			t.Errorf("a minute later, there are %q", got)
		}
	})
}

// An agent who may delete only her own notes can't push out those of a colleague, either.
func TestNobodyPushesOutTheNotesOfOthers(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d := newDesk(t, client)
		d.note("bob", "ada", "calls back at three")
		d.note("vera", "ada", "is kind")
		for n := range 2 * team.MaxNotes {
			d.note("mallory", "ada", fmt.Sprint(n))
		}
		got := d.notes("ada")
		if len(got) != team.MaxNotes || got[0] != "mallory: 39" || !slices.Contains(got, "bob: calls back at three") || !slices.Contains(got, "vera: is kind") {
			t.Errorf("there are %q", got)
		}
	})
}

// Without the record, nothing is noted.
func TestWhatCantBeWrittenDownIsNotNoted(t *testing.T) {
	t.Parallel()
	d := newDesk(t, redistest.Start(t).Client(t))
	d.note("vera", "ada", "stays")
	id := d.sheet("ada").Notes[0].ID
	d.book.away = errors.New("the audit log is away")
	for what, err := range map[string]error{
		"a note":      d.changes.AddNote(t.Context(), by("vera", "ada"), "other"),
		"a deletion":  d.changes.DeleteNote(t.Context(), by("vera", "ada"), id, false),
		"an on it":    d.changes.Handle(t.Context(), by("vera", "ada"), team.OnIt, "", time.Time{}),
		"a bare note": d.changes.AddNote(t.Context(), by("vera", "bob"), "other"),
	} {
		if !errors.Is(err, d.book.away) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := d.sheet("ada"); len(got.Notes) != 1 || got.Handling != (team.Handling{}) || !d.sheet("bob").Empty() {
		t.Errorf("noted is %+v", got)
	}
}

// An agent who comes second is told, and changes nothing. What was said holds until it lapses, or the user fails again.
func TestHandling(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d := newDesk(t, client)
		say := func(account string, state team.State, version string, failure time.Time, want error) team.Handling {
			t.Helper()
			if err := d.changes.Handle(t.Context(), by(account, "ada"), state, version, failure); !errors.Is(err, want) {
				t.Fatalf("%s says %s: %v, want %v", account, state, err, want)
			}
			return d.sheet("ada").Handling
		}
		first := say("vera", team.OnIt, "", time.Time{}, nil)
		if second := say("willi", team.OnIt, "", time.Time{}, team.ErrQuicker); second != first || first.By != "vera" || first.State != team.OnIt {
			t.Errorf("%+v, then %+v", first, second)
		}
		over := say("willi", team.OnIt, first.Version, time.Time{}, nil)
		if over.By != "willi" || over.Version == first.Version {
			t.Errorf("taken over: %+v", over)
		}
		if now := over.Now(over.At.Add(team.OnItFor-1), time.Time{}); now != over {
			t.Errorf("within the hour: %+v", now)
		}
		if now := over.Now(over.At.Add(team.OnItFor), time.Time{}); now != (team.Handling{Version: over.Version}) {
			t.Errorf("after the hour: %+v", now)
		}
		failure := time.UnixMilli(1_700_000_000_123).UTC()
		done := say("vera", team.Done, over.Version, failure, nil)
		if now := done.Now(done.At.Add(48*time.Hour), failure); now != done || done.Failure != failure {
			t.Errorf("done: %+v, now %+v", done, now)
		}
		if now := done.Now(done.At, failure.Add(time.Millisecond)); now.State != team.Open || now.By != "" {
			t.Errorf("failed again: %+v", now)
		}
		listed, err := d.board.Handlings(t.Context(), "bob", "ada")
		if err != nil || len(listed) != 1 || listed["ada"] != done {
			t.Errorf("listed is %+v, %v", listed, err)
		}
		open := say("vera", team.Open, done.Version, time.Time{}, nil)
		if now := open.Now(open.At, time.Time{}); now != (team.Handling{Version: open.Version}) {
			t.Errorf("open: %+v", now)
		}
		if want := "vera handling-changed ada ticket 12 open"; d.book.written[len(d.book.written)-1] != want {
			t.Errorf("written down is %q", d.book.written)
		}
	})
}

// "Done" is about what the agent has seen.
func TestDoneIsNotSaidOfWhatHasJustFailed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for failure, want := range map[time.Time]error{
		{}: nil, now.Add(-time.Minute): nil, now.Add(-5 * time.Second): nil, now.Add(-4 * time.Second): team.ErrJustFailed, now.Add(time.Minute): team.ErrJustFailed,
	} {
		if err := team.CheckDone(now, failure); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", now.Sub(failure), err, want)
		}
	}
}

// Of agents who say so at the same moment, one is on it.
func TestOneOfSeveralIsOnIt(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	desks := make([]*desk, 8)
	outcomes := make(chan error, len(desks))
	for n := range desks {
		desks[n] = newDesk(t, client)
	}
	for n, d := range desks {
		go func() {
			outcomes <- d.changes.Handle(t.Context(), by(fmt.Sprint("agent ", n), "ada"), team.OnIt, "", time.Time{})
		}()
	}
	won := 0
	for range desks {
		switch err := <-outcomes; {
		case err == nil:
			won++
		case !errors.Is(err, team.ErrQuicker):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d are on it", won)
	}
}

// Whatever somebody else has put into Redis breaks nothing, and does nothing to a reader.
func TestForeignSheets(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	d := newDesk(t, client)
	client.Set(t.Context(), keys.Sheet("text"), "no sheet", 0)
	client.HSet(t.Context(), keys.Sheet("ada"), map[string]any{
		"note:1700000000000:a": `{"by":"vera","text":"\u202eevil\u0000"}`, "note:x:b": `{"by":"vera","text":"no time"}`, "note:1700000000000": `{"by":"vera","text":"no number"}`,
		"note:1700000000001:c": `{"by":"","text":"nobody's"}`, "note:1700000000002:d": `nonsense`, "note:1700000000003:e": `{"by":"vera","text":" "}`,
		"note:1700000000004:f": `{"by":"vera","text":"` + strings.Repeat("x", 100_000) + `"}`, "handling": "1 x nonsense", "other": "field",
	})
	sheets, err := d.board.Sheets(t.Context(), "text", "ada", "nobody")
	if err != nil {
		t.Fatal(err)
	}
	notes := sheets[1].Notes
	if len(notes) != 2 || notes[1].Text != "evil" || len(notes[0].Text) > 8*team.MaxNote || sheets[1].Handling != (team.Handling{}) || !sheets[0].Empty() || !sheets[2].Empty() {
		t.Errorf("read is %+v", sheets)
	}
	client.HSet(t.Context(), keys.Sheet("ada"), "handling", `v 1700000000000 {"state":"owner","by":"vera"}`)
	if h, err := d.board.Handlings(t.Context(), "ada", "text"); err != nil || h["ada"].State != team.Open || len(h) != 1 {
		t.Errorf("listed is %+v, %v", h, err)
	}
}

// A sheet is kept for longer while the user is seen; one that is not there is not made.
func TestSheetsAreKept(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	d := newDesk(t, client)
	d.note("vera", "ada", "stays")
	if err := d.board.Keep(t.Context(), map[string]time.Duration{"ada": 3 * time.Hour, "bob": time.Hour}); err != nil {
		t.Fatal(err)
	}
	if left := client.PTTL(t.Context(), keys.Sheet("ada")).Val(); left < 2*time.Hour {
		t.Errorf("it expires after %s", left)
	}
	if there := client.Keys(t.Context(), "*").Val(); len(there) != 1 {
		t.Errorf("keys: %q", there)
	}
}

// On a Cluster, sheets are at several masters.
func TestSheetsOfACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	d := newDesk(t, cluster.Client(t))
	users := []string{"ada", "bob", "carol", "{dora}", "emil}", "a b"}
	for _, username := range users {
		d.note("vera", username, "of "+username)
		if err := d.changes.Handle(t.Context(), by("vera", username), team.OnIt, "", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	sheets, err := d.board.Sheets(t.Context(), users...)
	if err != nil {
		t.Fatal(err)
	}
	for i, sheet := range sheets {
		if len(sheet.Notes) != 1 || sheet.Notes[0].Text != "of "+users[i] || sheet.Handling.State != team.OnIt {
			t.Errorf("%s: %+v", users[i], sheet)
		}
	}
	if listed, err := d.board.Handlings(t.Context(), users...); err != nil || len(listed) != len(users) {
		t.Errorf("listed is %+v, %v", listed, err)
	}
}
