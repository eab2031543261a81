package command

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// hangups returns the signals that ask a server to read its settings again, until stop is called. Without it they would end the process.
func hangups() (asked <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}

// reloading reads the file of the settings again whenever that is asked for, until ctx ends. It changes the levels of the log. Other
// changes are told, since they need a restart. Certificates and most secrets are read again by themselves. The
// supervisor hears of it.
func (s *settings) reloading(ctx context.Context, asked <-chan os.Signal, who supervisor, levels *atomic.Pointer[logLevels], log *slog.Logger) {
	for {
		select {
		case <-asked:
			done := who.reloading()
			s.reload(levels, log)
			done()
		case <-ctx.Done():
			return
		}
	}
}

func (s *settings) reload(levels *atomic.Pointer[logLevels], log *slog.Logger) {
	if s.file == "" {
		log.Info("asked to read the settings again: there is no --config; certificates and most secrets are read again by themselves, as docs/configuration.md says")
		return
	}
	before := maps.Clone(s.values)
	if err := s.read(s.file); err != nil {
		log.Warn("the settings can't be read again; those before stay in force", "err", err)
		return
	}
	var restart []string
	for _, name := range changed(before, s.values) {
		switch text, _ := s.values[name].(string); {
		case s.isOverruled(name):
		case name != "log-level":
			restart = append(restart, name)
		case text == "":
			levels.Store(&logLevels{rest: slog.LevelInfo})
		default:
			var wanted logLevels
			if err := wanted.UnmarshalText([]byte(text)); err != nil {
				log.Warn("the level of the log stays as it was", "err", err)
				continue
			}
			levels.Store(&wanted)
		}
	}
	if len(restart) > 0 {
		log.Warn("some settings need a restart to take effect", "file", s.file, "settings", strings.Join(restart, ", "))
	}
	log.Info("the settings have been read again", "file", s.file, "log-level", levels.Load().String())
}

// isOverruled reports whether the environment or the command line says otherwise than the file.
func (s *settings) isOverruled(name string) bool {
	_, set := s.lookup(variable(name))
	return set || s.typed[name]
}

// changed are the names whose values differ.
func changed(before, after map[string]any) (names []string) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(before[name], after[name]) {
			names = append(names, name)
		}
	}
	return names
}
