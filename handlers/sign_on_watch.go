package handlers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/internal/audit"
)

const (
	// signOnTick is how often the watch looks for sessions that are due. With [auth.SignOnInterval] and the hub's questions on top,
	// a person who has lost a group loses her sockets within half a minute.
	signOnTick = 3 * time.Second
	// signOnAtOnce is how many sessions a process asks about at the same time. A slow provider delays few others.
	signOnAtOnce = 8
	// signOnTimeout is how long the question about one session may take. For longer than that, other processes leave the session alone.
	signOnTimeout = 12 * time.Second
)

// signOnWatch asks the provider again about everybody who has logged in there. All processes share the work.
type signOnWatch struct {
	provider SingleSignOn
	sessions auth.SignOns
	audit    *audit.Log
	log      *slog.Logger
	tick     time.Duration

	stop    context.CancelFunc
	stopped chan struct{}
}

// watchSignOns begins to ask. Close the watch.
func watchSignOns(w signOnWatch) *signOnWatch {
	ctx, cancel := context.WithCancel(context.Background())
	w.stop, w.stopped = cancel, make(chan struct{})
	go w.run(ctx)
	return &w
}

// close ends the watch, and waits for what is under way.
func (w *signOnWatch) close() {
	if w != nil {
		w.stop()
		<-w.stopped
	}
}

func (w *signOnWatch) run(ctx context.Context) {
	defer close(w.stopped)
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		ids, err := w.sessions.Due(ctx)
		if err != nil { // Redis, or the master with these, is away. Some minutes later they allow nothing. The watch asks again.
			continue
		}
		w.checkAll(ctx, ids)
	}
}

func (w *signOnWatch) checkAll(ctx context.Context, ids []string) {
	var wg sync.WaitGroup
	room := make(chan struct{}, signOnAtOnce)
	for _, id := range ids {
		room <- struct{}{}
		if ctx.Err() != nil { // those under way are enough to wait for
			break
		}
		wg.Go(func() {
			defer func() { <-room }()
			if err := w.check(ctx, id); err != nil && ctx.Err() == nil {
				w.log.Error("userlog: it could not be kept what the provider says of a session", "err", err)
			}
		})
	}
	wg.Wait()
}

// check asks about one session. Its errors are those of Redis.
func (w *signOnWatch) check(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOnTimeout) // tokens that were used must be kept, also at the end
	defer cancel()
	session, err := w.sessions.Reserve(ctx, id)
	switch {
	case errors.Is(err, auth.ErrNotReserved):
		return nil
	case err != nil:
		return err
	}
	who, err := w.provider.Check(ctx, session.Sealed)
	switch {
	case errors.Is(err, ErrSignOnRefused):
		return w.end(ctx, session, "the provider lets the person in no longer")
	case err != nil && session.Overdue:
		w.log.Warn("userlog: the provider does not answer, and sessions end", "err", err)
		return w.end(ctx, session, "the provider has not answered for five minutes")
	case err != nil:
		w.log.Warn("userlog: the provider does not answer: sessions go on for five minutes at most", "err", err)
		return session.Later(ctx, who.Sealed)
	case who.Role == "":
		return w.end(ctx, session, errNoGroup.Error())
	case who.Role != session.Access.Role:
		w.record(ctx, session, audit.RoleChanged, string(who.Role))
	}
	return session.Keep(ctx, who.Role, who.Sealed)
}

// end ends a session, which closes its pages, and writes it down once that is done.
func (w *signOnWatch) end(ctx context.Context, session *auth.Checking, why string) error {
	if err := session.End(ctx); err != nil {
		return err
	}
	w.record(ctx, session, audit.Logout, why)
	return nil
}

// record writes down what the provider has changed. A record that can't be written keeps nobody logged in.
func (w *signOnWatch) record(ctx context.Context, session *auth.Checking, action audit.Action, detail string) {
	r := access.Look{Access: session.Access, Address: session.Address}.Actor().Record(action, "")
	if action == audit.RoleChanged {
		r.Subject = session.Access.Account
	}
	r.Detail = detail
	if _, err := w.audit.Append(ctx, r); err != nil {
		w.log.Error("userlog: the audit log could not be written", "action", action, "err", err)
	}
}
