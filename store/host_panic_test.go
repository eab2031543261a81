package store_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/store"
)

// askBroken stands in for the host's function: it panics, and HostPanicked is called as the middleware calls it.
func askBroken(logs *store.Store, value any) {
	defer func() { logs.HostPanicked(recover()) }()
	panic(value)
}

// TestPanicsOfTheHostAreLoggedOnceAMinute reads what a developer needs to mend her function.
func TestPanicsOfTheHostAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var logged buffer
	logs, err := store.Open("unix:///nowhere", store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logs.Close(t.Context()) }()
	askBroken(logs, "no session for /reset?token=hunter22 "+strings.Repeat("x", 500))
	askBroken(logs, "again")
	text := logged.String()
	for _, want := range []string{"no session", "host_panic_test.go:14", "askBroken"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
	if strings.Contains(text, "hunter22") || strings.Contains(text, "again") || len(text) > 700 {
		t.Errorf("logged: %s", text)
	}
	if s := logs.Stats(); s.Dropped.HostPanic != 2 || s.Accepted != 2 || s.Dropped.InvalidUsername != 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestAPanicInTheRuntimeIsPlacedWhereItHappened is about a nil map or pointer, whose panic begins inside Go's runtime.
func TestAPanicInTheRuntimeIsPlacedWhereItHappened(t *testing.T) {
	t.Parallel()
	var logged buffer
	logs, err := store.Open("unix:///nowhere", store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logs.Close(t.Context()) }()
	func() {
		defer func() { logs.HostPanicked(recover()) }()
		var users map[string]*store.Entry
		_ = users["ada"].Username
	}()
	if text := logged.String(); !strings.Contains(text, "host_panic_test.go:") || !strings.Contains(text, "nil pointer") {
		t.Errorf("logged: %s", text)
	}
}
