package live

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// pollWait is how long a poll waits for the log, where nobody else watches it. It is less than a page waits for an answer.
const pollWait = 3 * time.Second

// Poll is for a page that can't have a socket, for instance because of a proxy, and asks every two seconds instead. Poll returns all
// that came behind Watch.After, in the frames that a socket would send, one after the other. It waits for the log store for three
// seconds at most, and then says that the log store is away. The error is [ErrClosed], or about the username.
func (h *Hub) Poll(ctx context.Context, watch Watch) ([]byte, error) {
	watch.Polled = true
	update, emptied, err := h.readBehind(ctx, watch)
	if err != nil {
		return nil, err
	}
	if emptied {
		watch.After = ""
	}
	page, leave, err := h.visit(watch)
	if err != nil {
		return nil, err
	}
	defer leave()
	_, _ = page.tell(conditions{h.askForFaultOf(ctx, watch.Username), h.askForWatchOnly(ctx)}) // returns no messages: the frames of the first update say it
	if teams := h.options.Teams; teams != nil && watch.hasSteps() {
		team := teams(ctx, []string{watch.Username})[watch.Username]
		_, _ = page.meet(&team) // as above
	}
	frames, err := page.encode(update)
	if errors.Is(err, errUnread) { // the page asks again, behind the same entry
		frames, err = page.encode(store.Update{State: store.Lost})
	}
	switch {
	case emptied && watch.Username != "":
		frames = append(frames, views.EmptiedPartials())
	case emptied:
		frames = append(frames, views.NewestPartial("")) // the page asks from the beginning on
	}
	return bytes.Join(frames, nil), err
}

// readBehind returns what came behind watch.After. emptied says that the page has shown entries, and that the log holds none any more, for
// example because it has expired. If that is a user's log, the update has no gap.
func (h *Hub) readBehind(ctx context.Context, watch Watch) (update store.Update, emptied bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollWait)
	defer cancel()
	update, err = h.firstUpdate(ctx, watch.Username, watch.After)
	if err != nil || watch.After == "" || len(update.Entries) > 0 || update.State == store.Lost {
		return update, false, err
	}
	whole, err := h.firstUpdate(ctx, watch.Username, "") // which the feed has in memory
	emptied = err == nil && len(whole.Entries) == 0 && whole.State != store.Lost
	update.Gap = update.Gap && !(emptied && watch.Username != "")
	return update, emptied, err
}

// visit returns an encoder for a page that does not stay. leave is called when it is no longer used.
func (h *Hub) visit(watch Watch) (page encoder, leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, nil, ErrClosed
	}
	var steps *sharedSteps
	if watch.hasSteps() {
		steps = h.joinSteps(watch.Username)
	}
	return h.encoderFor(watch, steps), func() {
		if watch.hasSteps() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.leaveSteps(watch.Username)
		}
	}, nil
}

// firstUpdate waits for what a new subscription is told. Where the log store does not answer, that is that it is away.
func (h *Hub) firstUpdate(ctx context.Context, username, after string) (store.Update, error) {
	s, err := h.logs.Subscribe(username, after)
	if err != nil {
		return store.Update{}, err
	}
	defer s.Close()
	news := make(chan struct{}, 1)
	s.Notify(func() {
		select {
		case news <- struct{}{}:
		default:
		}
	})
	defer s.Notify(nil)
	for {
		update, ok, err := s.Poll()
		if ok || err != nil {
			return update, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return store.Update{State: store.Lost}, nil
		}
	}
}
