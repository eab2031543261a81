package views

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/store"
)

func TestSparklineDrawsAMinuteAsABar(t *testing.T) {
	var hour [60]store.Minute
	hour[0] = store.Minute{Requests: 100, ClientErrors: 50, ServerErrors: 25}
	hour[1] = store.Minute{Requests: 1, ServerErrors: 1}
	hour[59] = store.Minute{Requests: 50}
	s := newSparkline(hour)
	if s.Requests != 151 || s.ClientErrors != 50 || s.ServerErrors != 26 || s.Peak != 100 {
		t.Errorf("sums: %+v", s)
	}
	for name, test := range map[string]struct{ got, want string }{
		"all":    {s.AllPath, "M0 24v-24h2v24zM2.5 24v-2h2v2zM147.5 24v-12h2v12z"},
		"server": {s.ServerPath, "M0 24v-6h2v6zM2.5 24v-2h2v2z"},
		"client": {s.ClientPath, "M0 18v-12h2v12z"}, // stands on what failed worse
		"box":    {s.Box(), "0 0 150 24"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %s, want %s", name, test.got, test.want)
		}
	}
}

// What a process reports is believed, and may be nonsense: a drawing stays in its box.
func TestSparklineOfNonsense(t *testing.T) {
	var hour [60]store.Minute
	hour[3] = store.Minute{ServerErrors: 7}
	hour[4] = store.Minute{Requests: 1, ClientErrors: 9, ServerErrors: 9}
	s := newSparkline(hour)
	if path := s.AllPath + s.ClientPath + s.ServerPath; strings.ContainsAny(path, "NI") {
		t.Errorf("%s", path)
	}
}
