package command

import (
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// Levels are read with their areas, and written as they are typed.
func TestLogLevelsAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, want string }{
		{"info", "info"},
		{"WARN", "warn"},
		{" info , live=warn,audit=debug", "info,audit=debug,live=warn"},
		{"store=error", "info,store=error"},
		{"info,info", "two levels for the same"},
		{"live=info,live=warn", "two levels for the same"},
		{"info,lives=warn", `"lives" is no area of the log: use one of access, admin, audit, directory, live, redis, store, webhooks`},
		{"info,live=loud", `"loud" is not a level`},
		{"info,live", `"live" is not a level`},
		{"info,=warn", `"" is no area of the log`},
		{"", `"" is not a level`},
		{"info,", `"" is not a level`},
	} {
		var levels logLevels
		switch err := levels.UnmarshalText([]byte(c.typed)); {
		case err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("%q: %v, want %s", c.typed, err, c.want)
		case err == nil && levels.String() != c.want:
			t.Errorf("%q is read as %v, want %s", c.typed, levels, c.want)
		}
	}
}

// A line is of the area of the package that logs it, or of the one that is named, also with attributes and in groups. Packages that have an
// area are there.
func TestLinesHaveAnArea(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	log, levels := logFlags{LogLevel: logLevels{rest: slog.LevelInfo, areas: map[string]slog.Level{redisArea: slog.LevelDebug}}}.logger(&said)
	log.With("a", 1).Debug("hidden")
	redisLogger{inArea(log, redisArea)}.Printf(t.Context(), "shown %d", 1)
	inArea(log.With("a", 1).WithGroup("g"), redisArea).Debug("shown 2", "b", 2)
	levels.Store(&logLevels{rest: slog.LevelInfo})
	redisLogger{inArea(log, redisArea)}.Printf(t.Context(), "hidden")
	if got := said.String(); strings.Contains(got, "hidden") || strings.Count(got, "shown") != 2 || !strings.Contains(got, "a=1 g.b=2") {
		t.Errorf("the log is\n%s", got)
	}
	for folder := range areas() {
		if _, err := fs.Stat(os.DirFS("../.."), folder); err != nil {
			t.Errorf("no package has the area: %v", err)
		}
	}
}
