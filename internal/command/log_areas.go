package command

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
)

// Areas of the log that no package stands for.
const (
	accessArea = "access" // a line for each request
	redisArea  = "redis"  // what go-redis says by itself
)

// areas are the parts of the program whose level can be set, by the packages that log for them. Lines of other packages are of no area.
func areas() map[string]string {
	return map[string]string{
		"handlers": "admin", "auth": "admin", "internal/accounts": "admin", "internal/signon": "admin", "internal/team": "admin",
		"internal/audit": "audit", "internal/access": "audit",
		"internal/live":            "live",
		"internal/directory":       "directory",
		"internal/webhook/sending": "webhooks", "internal/rules/watching": "webhooks",
		"store": "store", "store/embedded": "store", "store/internal/feed": "store", "store/internal/failures": "store",
	}
}

// areaNames are all areas, in their order.
func areaNames() []string {
	return slices.Compact(slices.Sorted(maps.Values(areas())))
}

// logLevels are levels as they are typed: one for all, and others for areas, such as "info,audit=debug,live=warn".
type logLevels struct {
	rest  slog.Level
	areas map[string]slog.Level
}

// UnmarshalText is called by kong for levels that were typed or are in the environment.
func (l *logLevels) UnmarshalText(text []byte) error {
	read := logLevels{areas: make(map[string]slog.Level)}
	known := append(areaNames(), accessArea, redisArea)
	slices.Sort(known)
	restIsSet := false
	for word := range strings.SplitSeq(string(text), ",") {
		area, name, isArea := strings.Cut(strings.TrimSpace(word), "=")
		if !isArea {
			area, name = "", area
		}
		var level slog.Level
		_, again := read.areas[area]
		switch err := level.UnmarshalText([]byte(name)); {
		case err != nil:
			return fmt.Errorf("%q is not a level: use debug, info, warn or error", name)
		case isArea && !slices.Contains(known, area):
			return fmt.Errorf("%q is no area of the log: use one of %s", area, strings.Join(known, ", "))
		case again, !isArea && restIsSet:
			return fmt.Errorf("%q has two levels for the same: use one", text)
		case isArea:
			read.areas[area] = level
		default:
			read.rest, restIsSet = level, true
		}
	}
	*l = read
	return nil
}

// String is how the levels are typed.
func (l logLevels) String() string {
	words := []string{strings.ToLower(l.rest.String())}
	for _, area := range slices.Sorted(maps.Keys(l.areas)) {
		words = append(words, area+"="+strings.ToLower(l.areas[area].String()))
	}
	return strings.Join(words, ",")
}

// of is the least level that an area logs.
func (l logLevels) of(area string) slog.Level {
	if level, set := l.areas[area]; set {
		return level
	}
	return l.rest
}

// least is the least level that any area logs.
func (l logLevels) least() slog.Level {
	return slices.MinFunc(append(slices.Collect(maps.Values(l.areas)), l.rest), func(a, b slog.Level) int { return cmp.Compare(a, b) })
}

// areaHandler logs what the level of its area lets through. The levels may change meanwhile.
type areaHandler struct {
	slog.Handler
	area   string // "" = that of the package which logs
	levels *atomic.Pointer[logLevels]
}

// inArea is a logger whose lines are of an area, whichever package logs them.
func inArea(log *slog.Logger, area string) *slog.Logger {
	if h, is := log.Handler().(areaHandler); is {
		h.area = area
		return slog.New(h)
	}
	return log
}

// Enabled implements slog.Handler. Where the area is not known yet, it is that of the most talkative one.
func (h areaHandler) Enabled(_ context.Context, level slog.Level) bool {
	if h.area != "" {
		return level >= h.levels.Load().of(h.area)
	}
	return level >= h.levels.Load().least()
}

// Handle implements slog.Handler.
func (h areaHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < h.levels.Load().of(cmp.Or(h.area, areaOf(record.PC))) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h areaHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h areaHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

// areaOf is the area of the package that logs, by its place in the program, or "".
func areaOf(place uintptr) string {
	frame, _ := runtime.CallersFrames([]uintptr{place}).Next()
	within, ours := strings.CutPrefix(frame.Function, "github.com/gin-userlog/userlog/")
	if !ours {
		return ""
	}
	folder, _, _ := strings.Cut(within, ".")
	return areas()[folder]
}
