//go:build unix

package switches_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/switches"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

var root = audit.Actor{Name: "root", Role: "superuser", Via: "browser", Address: "192.0.2.1"}

// away is an audit log that can't be written to.
type away struct{}

func (away) Append(context.Context, audit.Record) (audit.Record, error) {
	return audit.Record{}, errors.New("away")
}

// written are the details of all records.
func written(t *testing.T, log *audit.Log) string {
	t.Helper()
	var all []string
	for r, err := range log.All(t.Context(), audit.Filter{}) {
		if err != nil || r.Action != audit.RecordingChanged || r.Actor != "root" || r.Address != "192.0.2.1" {
			t.Fatalf("%+v, %v", r, err)
		}
		all = append(all, r.Detail)
	}
	return strings.Join(all, "\n")
}

// Each change is written down with what was set before and after, and in full.
func TestEveryChangeIsWrittenDown(t *testing.T) {
	t.Parallel()
	logs := openStore(t)
	log := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	changes := &switches.Changes{Store: logs, Log: log}
	long := strings.Repeat("\\", store.MaxIgnoreBytes)
	for _, set := range []store.Switches{
		{}, {NoRecord: true}, {NoRecord: true}, {NoPublish: true, Sample: 10, Ignore: []string{`^/a\.b$`}}, {Sample: 1, Ignore: []string{long}}, {},
	} {
		if err := changes.Set(t.Context(), root, set); err != nil {
			t.Fatal(err)
		}
	}
	quoted := `"` + long + long + `"`
	want := strings.Join([]string{
		`recording: on → off`,
		`recording: off → on; publishing: on → off; sampling: all → 1 of 10; ignore: nothing → "^/a\\.b$"`,
		`publishing: off → on; sampling: 1 of 10 → all; ignore: "^/a\\.b$" → ` + quoted,
		`ignore: ` + quoted + ` → nothing`,
	}, "\n")
	if got := written(t, log); got != want {
		t.Errorf("written down are %d bytes, want %d: %.300s", len(got), len(want), got)
	}
	if report, err := log.Verify(t.Context(), audit.Checkpoint{}); err != nil {
		t.Errorf("the audit log: %+v, %v", report, err)
	}
}

// What is refused, or can't be written down, is not made.
func TestNothingChangesThatIsNotWrittenDown(t *testing.T) {
	t.Parallel()
	logs := openStore(t)
	log := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	if err := (&switches.Changes{Store: logs, Log: log}).Set(t.Context(), root, store.Switches{Sample: -1}); !errors.Is(err, store.ErrSample) {
		t.Errorf("got %v", err)
	}
	if err := (&switches.Changes{Store: logs, Log: away{}}).Set(t.Context(), root, store.Switches{NoRecord: true}); err == nil {
		t.Error("it was changed unrecorded")
	}
	if set, err := logs.Switches(t.Context()); err != nil || !set.Set.IsZero() || written(t, log) != "" {
		t.Errorf("set is %+v, %v, and written down %q", set, err, written(t, log))
	}
}

// Switches that can't be read can be set anew. What somebody else keeps there stays.
func TestSwitchesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	logs := openStore(t)
	client, key := logs.Client(), logs.KeyPrefix()+"switches"
	log := audit.New(client, audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	changes := &switches.Changes{Store: logs, Log: log}
	if err := client.Set(t.Context(), key, "garbage", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := changes.Set(t.Context(), root, store.Switches{}); err != nil {
		t.Error(err)
	}
	if _, err := logs.Switches(t.Context()); err != nil {
		t.Error(err)
	}
	client.Del(t.Context(), key)
	client.LPush(t.Context(), key, "x")
	if err := changes.Set(t.Context(), root, store.Switches{NoRecord: true}); err == nil || client.Type(t.Context(), key).Val() != "list" {
		t.Errorf("somebody's list is a %s: %v", client.Type(t.Context(), key).Val(), err)
	}
	if got := written(t, log); got != "what was set could not be read" {
		t.Errorf("written down is %q", got)
	}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	logs, err := store.New(redistest.Patient(t, redistest.Start(t).Client(t)), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Close(context.Background()) }) // nothing was recorded
	return logs
}
