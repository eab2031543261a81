//go:build unix

package store

import (
	"slices"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// The last trouble of some users is found one by one, also on a Cluster.
func TestTroubleOfSomeUsers(t *testing.T) {
	t.Parallel()
	logs := openQuietly(t, redistest.StartCluster(t, 3).Client(t), Options{})
	at := time.Now().Add(-time.Minute).Truncate(time.Millisecond).UTC()
	var names []string
	for _, username := range []string{"ada", "bob", "carol", "{dora}"} {
		names = append(names, username)
		logs.Record(Entry{Username: username, Method: "POST", Path: "/pay", Code: 422, Time: at})
	}
	logs.Record(Entry{Username: "well", Method: "GET", Path: "/", Code: 200})
	var found []Trouble
	redistest.Eventually(t, "all troubles are found", func() bool {
		var err error
		found, err = logs.TroubleOf(t.Context(), append(slices.Clone(names), "well", "nobody")...)
		return err == nil && len(found) == len(names)+2 && !slices.ContainsFunc(found[:len(names)], func(t Trouble) bool { return t.At.IsZero() })
	})
	for i, username := range names {
		if want := (Trouble{Username: username, At: at, Code: 422}); found[i] != want {
			t.Errorf("got %+v, want %+v", found[i], want)
		}
	}
	for _, none := range found[len(names):] {
		if !none.At.IsZero() || none.Code != 0 {
			t.Errorf("%+v is in no trouble", none)
		}
	}
	if none, err := logs.TroubleOf(t.Context()); err != nil || len(none) != 0 {
		t.Errorf("of nobody: %+v, %v", none, err)
	}
}

func TestTextsAreMaskedAsProblems(t *testing.T) {
	t.Parallel()
	logs := openQuietly(t, redistest.Start(t).Client(t), Options{MaskQuery: []string{"iban"}})
	if got, want := logs.MaskText("card 4111 1111 1111 1111, iban: DE02120300000000202051, calls back"), "card ***, iban: ***, calls back"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
