package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// tooMuchError is that an account has had too much recorded lately.
type tooMuchError struct{ wait time.Duration }

func (e tooMuchError) Error() string {
	return fmt.Sprintf("the account has too much recorded: it has to wait %s", e.wait)
}

// pacedLog is the audit log as views are written to it: an account can't begin as many as it likes. An
// end belongs to its beginning, and is always written.
type pacedLog struct {
	log       *audit.Log
	allowance *auth.Allowance
}

// Append is [audit.Log.Append], or returns a tooMuchError and writes nothing.
func (l pacedLog) Append(ctx context.Context, r audit.Record) (audit.Record, error) {
	if r.Action == audit.ViewEnded {
		return l.log.Append(ctx, r)
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := take(ctx, l.allowance, r.Actor, auth.Via(r.Via)); err != nil {
		return audit.Record{}, err
	}
	return l.log.Append(ctx, r)
}

// take counts something that is going to be recorded. After an error, which may be a tooMuchError, it must
// not.
func take(ctx context.Context, allowance *auth.Allowance, account string, via auth.Via) error {
	wait, err := allowance.Take(ctx, account, via)
	if err == nil && wait > 0 {
		return tooMuchError{wait}
	}
	return err
}

// takeAllowance is [take] for what the request is going to have recorded.
func (s *site) takeAllowance(c *gin.Context) error {
	access := accessOf(c)
	return take(c.Request.Context(), s.allowance, access.Account, access.Via)
}

// requireAllowance stands before what is recorded whenever it is asked for, changes for the most part, and
// refuses it where the account has had too much recorded, before anything is written.
func (s *site) requireAllowance(c *gin.Context) {
	if err := s.takeAllowance(c); err != nil {
		s.failRecord(c, err)
	}
}

// failRecord refuses, with a page, what could not be recorded.
func (s *site) failRecord(c *gin.Context, err error) {
	status := recordStatus(c, err)
	if status == http.StatusTooManyRequests {
		err = nil // which is the reader's doing, and must not fill the program's log
	}
	s.fail(c, status, err)
}

// failProgram is [site.failRecord] for programs.
func (s *site) failProgram(c *gin.Context, err error) {
	status := recordStatus(c, err)
	if status == http.StatusTooManyRequests {
		s.failJSON(c, status, "That is more than can be written down at a time. Wait as long as Retry-After says, and try again.")
		return
	}
	s.log.Error("userlog: a log could not be shown to a program", "err", err)
	s.failJSON(c, status, storeLost)
}

// recordStatus is the status of the refusal of what could not be recorded. Where it is known when that
// can be again, a header says so.
func recordStatus(c *gin.Context, err error) int {
	var tooMuch tooMuchError
	switch {
	case errors.As(err, &tooMuch):
		setRetryAfter(c, tooMuch.wait)
		return http.StatusTooManyRequests
	case errors.Is(err, audit.ErrTooManyViewings):
		setRetryAfter(c, audit.ViewingTimeout)
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// setRetryAfter says when to try again, in whole seconds.
func setRetryAfter(c *gin.Context, wait time.Duration) {
	c.Header("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
}
