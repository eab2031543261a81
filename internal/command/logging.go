package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	standard "log"
	"log/slog"
	"math"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"

	"github.com/gin-userlog/userlog/internal/printable"
)

// logFlags say what the program tells about itself on standard error.
type logFlags struct {
	LogFormat string    `enum:"text,json" default:"text" help:"How the program's own log is written: text or json."`
	LogLevel  logLevels `default:"info" help:"The least that is logged: debug, info, warn or error. Areas may have others, such as info,audit=debug,live=warn."`
}

// logger returns the program's logger, whose levels can be changed.
func (f logFlags) logger(w io.Writer) (*slog.Logger, *atomic.Pointer[logLevels]) {
	levels := new(atomic.Pointer[logLevels])
	levels.Store(&f.LogLevel)
	options := &slog.HandlerOptions{Level: slog.Level(math.MinInt)} // areaHandler decides
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if f.LogFormat == "json" {
		handler = slog.NewJSONHandler(jsonLog{w}, options)
	}
	return slog.New(areaHandler{Handler: handler, levels: levels}), levels
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

// redirectLibraries sends what libraries print on standard error by themselves to log: go-redis, OpenTelemetry, and whatever uses Go's standard
// logger, such as net/http. It does so for the whole process.
func redirectLibraries(log *slog.Logger) {
	redis.SetLogger(redisLogger{inArea(log, redisArea)})
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry has a problem", "err", err) })) // such as a sampler that it does not know
	standard.SetFlags(0)
	standard.SetOutput(slog.NewLogLogger(log.Handler(), slog.LevelWarn).Writer())
}

// redisLogger is go-redis' logger. Its lines are at debug level because the store reports every
// outage itself, once, and in words.
type redisLogger struct{ log *slog.Logger }

// Printf is called by go-redis.
func (r redisLogger) Printf(ctx context.Context, format string, args ...any) {
	if r.log.Enabled(ctx, slog.LevelDebug) {
		r.log.DebugContext(ctx, "go-redis: "+fmt.Sprintf(format, args...))
	}
}
