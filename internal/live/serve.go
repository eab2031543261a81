package live

import (
	"errors"
	"net/http"

	"github.com/olahol/melody"
)

// opening is what came of opening a socket.
type opening struct {
	err      error
	panicked any // what a panic had to say; nil = there was none
}

// errGivenUp is the error where a function of the host's has ended the goroutine.
var errGivenUp = errors.New("live: the socket was given up")

// Serve upgrades the request to a websocket, and returns when that is done. Other goroutines then serve the socket until either
// side closes it, and hold nothing of the request. When the socket is served no longer, ended is called, once: by another goroutine
// or, if Serve returns an error, before Serve returns. ended must not block.
//
// The caller has to answer the request if the error is [ErrClosed], [ErrFull], [ErrTooMany], store.ErrClosed or about
// the username. After any other error it has been answered.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, watch Watch, ended func()) error {
	opened := make(chan opening, 1)
	v := &viewer{hub: h, watch: watch, opened: opened, onEnd: ended}
	if err := h.enter(v); err != nil {
		ended()
		return err
	}
	subscription, err := h.logs.Subscribe(watch.Username, watch.After)
	if err != nil {
		ended()
		h.leave(v)
		return err
	}
	v.subscription = subscription
	h.lookForWatchOnly(r.Context())
	h.meetTeam(v)
	go v.live(w, r) // a goroutine that does not stand on those of the server, the engine and the handler takes a third of the memory
	result := <-opened
	if result.panicked != nil {
		panic(result.panicked)
	}
	return result.err
}

// live opens the socket, and reads it until either side closes. It uses the request only before the socket is open.
func (v *viewer) live(w http.ResponseWriter, r *http.Request) {
	result := opening{err: errGivenUp}
	defer func() { v.tellOpened(result) }() // last of all, unless the socket has opened
	defer v.hub.leave(v)
	defer v.onEnd()
	defer v.subscription.Close()
	defer func() {
		if p := recover(); p != nil {
			v.fail(p)
			result.panicked = p
		}
	}()
	err := v.hub.melody.HandleRequestWithKeys(countingWriter{w, v.endFlood}, r, map[string]any{viewerKey: v})
	if errors.Is(err, melody.ErrClosed) {
		err = ErrClosed
	}
	result.err = err
}

// tellOpened tells the handler what came of opening the socket, once.
func (v *viewer) tellOpened(result opening) {
	if v.opened != nil {
		v.opened <- result // there is room
		v.opened = nil
	}
}
