package command

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/gin-userlog/userlog/store"
)

// That the log is empty is said once, and not before that is known.
func TestTailSaysOnceThatTheLogIsEmpty(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	away := errors.New("away")
	refused := refusals{write: func(context.Context) error { return away }, address: "here", w: &err}
	shown := tail{
		streams: streams{out: &out, err: &err}, nothingYet: "Nothing yet.", shows: func(*store.Entry) bool { return true }, lost: refused.lost,
	}
	for _, state := range []store.State{store.Lost, store.Live, store.Lost, store.Live} {
		if err := shown.show(t.Context(), store.Update{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	const lost, back = "Redis at here can't be reached (away). Waiting for it.\n", "The log store is back.\n"
	if want := lost + back + "Nothing yet.\n" + lost + back; out.Len() != 0 || err.String() != want {
		t.Errorf("output %q, standard error %q, want %q", &out, &err, want)
	}
}

// Where requests are not published, they come every two seconds only.
func TestTailSaysThatRequestsAreNotPublished(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	shown := tail{streams: streams{out: &out, err: &err}, nothingYet: "Nothing yet."}
	for _, state := range []store.State{store.Unpublished, store.Live} {
		if err := shown.show(t.Context(), store.Update{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "Publishing is switched off. New requests are shown every two seconds.\nNothing yet.\nRequests are published again.\n"; err.String() != want {
		t.Errorf("standard error %q, want %q", &err, want)
	}
}

// Where recording is switched off, a log is silent for that reason.
func TestTailSaysThatRecordingIsOff(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	shown := tail{streams: streams{out: &out, err: &err}, nothingYet: "Nothing yet."}
	for _, state := range []store.State{store.Off, store.Off, store.Live} {
		if err := shown.show(t.Context(), store.Update{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "Recording is switched off. Waiting for it.\nNothing yet.\nRecording is switched on again.\n"; out.Len() != 0 || err.String() != want {
		t.Errorf("output %q, standard error %q, want %q", &out, &err, want)
	}
}
