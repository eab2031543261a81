package store

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store/internal/mask"
)

// hostPanicInterval is how often a panic of the application's functions is logged: each costs an entry, and there may be one
// for every request.
const hostPanicInterval = time.Minute

// maxPanicText is how many bytes of a panic's value are logged.
const maxPanicText = 200

// hostPanics logs panics of functions that the application gave to the middleware.
type hostPanics struct {
	log  *slog.Logger
	mask *mask.Masker

	mu       sync.Mutex
	loggedAt time.Time
}

// note logs a panic, unless one was logged within the last minute.
func (h *hostPanics) note(value any) {
	h.mu.Lock()
	due := h.loggedAt.IsZero() || time.Since(h.loggedAt) >= hostPanicInterval
	if due {
		h.loggedAt = time.Now()
	}
	h.mu.Unlock()
	if due {
		h.log.Error("userlog: a function that the application gave to the middleware panicked, so log entries are lost: mend it",
			"panic", h.text(value), "at", panicPlace())
	}
}

// text is the value of a panic as it may stand in a log.
func (h *hostPanics) text(value any) string {
	text := fmt.Sprint(value)
	if len(text) > maxPanicText {
		text = cutRune(text, maxPanicText)
	}
	return h.mask.Sentence(text)
}

// panicPlace is the place of the panic that is being recovered from: file, line and function.
func panicPlace() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s:%d in %s", filepath.Base(frame.File), frame.Line, frame.Function)
		}
		if !more {
			return "an unknown place"
		}
	}
}
