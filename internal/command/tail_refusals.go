package command

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// refusals tells that Redis takes no changes, and why. Logs can be read then, and nothing new comes.
type refusals struct {
	write   func(context.Context) error // tries whether Redis takes a change
	address string                      // of Redis
	w       io.Writer

	mu   sync.Mutex
	told store.Fault // why it takes none, as was told last; "" where it takes them
}

// writesTo tries whether Redis takes a change, and whether it takes one beside a user's log; "" = beside all logs.
func writesTo(logs *store.Store, username string) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := logs.PingWrite(ctx); err != nil {
			return err
		}
		return logs.PingLogs(ctx, username)[username]
	}
}

// watch tells of what changes until end is called.
func (r *refusals) watch(ctx context.Context, interval time.Duration) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				r.look(ctx)
			}
		}
	}()
	return func() {
		cancel()
		<-watched
	}
}

// look tells why Redis takes no changes, if that is new, and that it takes them again. Where Redis does not answer, it is the feed that tells.
func (r *refusals) look(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.write(ctx)
	switch fault := store.FaultOf(err); {
	case err == nil && r.told != "":
		r.told = ""
		fmt.Fprintln(r.w, "Redis takes changes again.")
	case fault.IsRefusal() && fault != r.told:
		r.told = fault
		fmt.Fprintf(r.w, "%s.%s\n", redisTrouble(r.address, err), advice(err))
	}
}

// lost tells why the connection to Redis was lost, if it still is.
func (r *refusals) lost(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.write(ctx)
	if err == nil {
		fmt.Fprintln(r.w, "The connection to the log store was lost. Connecting again.")
		return
	}
	if fault := store.FaultOf(err); fault.IsRefusal() {
		r.told = fault
	}
	fmt.Fprintf(r.w, "%s.%s Waiting for it.\n", redisTrouble(r.address, err), advice(err))
}

// advice says what to do where Redis refuses, behind a space, or is empty.
func advice(err error) string {
	fault := store.FaultOf(err)
	words, wrong := views.NewWords()
	if wrong != nil || !fault.IsRefusal() {
		return ""
	}
	return " " + words.Fault(fault)
}
