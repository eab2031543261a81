package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	standard "log"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/printable"
)

// logFlags say what the program tells about itself on standard error.
type logFlags struct {
	LogFormat string   `enum:"text,json" default:"text" help:"How the program's own log is written: text or json."`
	LogLevel  logLevel `default:"info" help:"The least that is logged: debug, info, warn or error."`
}

// logLevel is a level as it is typed.
type logLevel slog.Level

// UnmarshalText is called by kong for a level that was typed or is in the environment.
func (l *logLevel) UnmarshalText(text []byte) error {
	if err := (*slog.Level)(l).UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is not a level: use debug, info, warn or error", text)
	}
	return nil
}

// logger returns the program's logger, whose level can be changed.
func (f logFlags) logger(w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(slog.Level(f.LogLevel))
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if f.LogFormat == "json" {
		handler = slog.NewJSONHandler(jsonLog{w}, options)
	}
	return slog.New(handler), level
}

// jsonLog is a log of JSON in which every character that is not printable is escaped, as it is in one of text: people read it in a terminal, too.
type jsonLog struct{ io.Writer }

// Write gets one line at a time.
func (w jsonLog) Write(line []byte) (int, error) {
	if _, err := w.Writer.Write(append(printable.JSON(bytes.TrimSuffix(line, []byte("\n"))), '\n')); err != nil {
		return 0, err
	}
	return len(line), nil
}

// redirectLibraries sends what libraries print on standard error by themselves to log: go-redis, and whatever uses Go's standard logger, such
// as net/http. It does so for the whole process.
func redirectLibraries(log *slog.Logger) {
	redis.SetLogger(redisLogger{log})
	standard.SetFlags(0)
	standard.SetOutput(slog.NewLogLogger(log.Handler(), slog.LevelWarn).Writer())
}

// redisLogger is go-redis' logger. What it says is at debug level because the store reports every
// outage itself, once, and in words.
type redisLogger struct{ log *slog.Logger }

// Printf is called by go-redis.
func (r redisLogger) Printf(ctx context.Context, format string, args ...any) {
	if r.log.Enabled(ctx, slog.LevelDebug) {
		r.log.DebugContext(ctx, "go-redis: "+fmt.Sprintf(format, args...))
	}
}
