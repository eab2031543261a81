package live

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/store"
)

// viewer is one socket. Its goroutine asks the subscription for news and sends it, one message at a time, each
// when the one before has left: a viewer that reads slowly delays nobody, fills no buffer, and loses nothing
// without a gap, since the subscription knows what it missed.
type viewer struct {
	hub          *Hub
	watch        Watch
	subscription *store.Subscription
	encoder      encoder

	context context.Context
	cancel  context.CancelFunc
	idle    chan struct{} // capacity 1: no message is under way
	done    chan struct{} // closed when the goroutine has ended; nil before it began

	// Of the goroutine: when it last sent something, and the context of its wait for news.
	sent    time.Time
	wait    context.Context
	endWait context.CancelFunc

	ended bool // it has been told that it may not look any longer; checkAccess's

	heard      int // messages from the viewer
	heardSince time.Time

	session atomic.Pointer[melody.Session] // nil before the upgrade
}

// encoder turns an update into messages.
type encoder interface {
	encode(store.Update) ([][]byte, error)
	// pass notes that the entry with this id, the newest, was not for the viewer, who goes on after it all
	// the same; it returns a message about that, or nil.
	pass(id string) []byte
	// beat returns a message that changes nothing: that it comes is what it says.
	beat() []byte
}

// encoderFor returns the encoder for a viewer, with the trail of the user if it needs one.
func encoderFor(h *Hub, watch Watch, t *trail) (e encoder) {
	if watch.JSON {
		e = &jsonEncoder{state: store.Live}
	} else {
		e = newHTMLEncoder(h, watch, t)
	}
	if watch.Username == "" && (watch.Reading.Filter.Active() || watch.App != "" || !watch.wantsEvery()) {
		e = &filtered{encoder: e, watch: watch}
	}
	return e
}

// newViewer returns a viewer that has neither entered the hub nor a subscription.
func newViewer(h *Hub, watch Watch) *viewer {
	v := &viewer{hub: h, watch: watch, idle: make(chan struct{}, 1)}
	v.idle <- struct{}{}
	v.context, v.cancel = context.WithCancel(context.Background())
	return v
}

// start begins to send. melody calls it before the socket's own goroutines run, so it must not wait.
func (v *viewer) start(s *melody.Session) {
	v.session.Store(s)
	if v.hub.closing() {
		// melody, and Close, may have counted the sessions before this one was among them.
		_ = s.CloseWithMsg(restarting()) // the only error is that it is closed already
	}
	v.done = make(chan struct{})
	go func() {
		defer close(v.done)
		if err := safely(v.run); err != nil && v.context.Err() == nil {
			v.hub.log.Error("userlog: a live log ended", "err", err)
			v.cut() // the page connects again, and goes on where it was
		}
	}()
}

// stop ends the goroutine and waits for it.
func (v *viewer) stop() {
	v.cancel()
	if v.done != nil {
		<-v.done
	}
}

// hear counts messages from the viewer, who has nothing to say, and ends the socket of one who will
// not be quiet (1008). melody calls it from the socket's own goroutine.
func (v *viewer) hear() {
	if now := time.Now(); now.Sub(v.heardSince) > time.Minute {
		v.heardSince, v.heard = now, 0
	}
	if v.heard++; v.heard == maxMessages+1 {
		// The only error is that the socket is closed already.
		_ = v.session.Load().CloseWithMsg(melody.FormatCloseMessage(melody.ClosePolicyViolation, "too many messages"))
	}
}

// acknowledge notes that a message has been handed to the network.
func (v *viewer) acknowledge() {
	select {
	case v.idle <- struct{}{}:
	default:
	}
}

// cut closes the connection without a word.
func (v *viewer) cut() {
	v.cancel()
	if s := v.session.Load(); s != nil {
		s.WebsocketConnection().Close()
	}
}

// run sends until the context or the subscription ends.
func (v *viewer) run() error {
	v.waitUntil(time.Now().Add(v.hub.melody.Config.PingPeriod))
	defer func() { v.endWait() }()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		// The first entry after a quiet moment goes out at once; what follows gathers.
		select {
		case <-pause.C:
		case <-v.context.Done():
			return nil
		}
		messages, err := v.next()
		if err != nil {
			return err
		}
		pause.Reset(frameInterval)
		for _, message := range messages {
			if !v.send(message) {
				return nil
			}
		}
	}
}

// next waits for news and encodes it. Where nothing is sent for too long there is a beat: a browser's page
// does not see the pings of the protocol, and could not tell a quiet log from a dead connection.
func (v *viewer) next() ([][]byte, error) {
	for {
		update, err := v.subscription.Next(v.wait)
		if err == nil {
			return v.encoder.encode(update)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		now := time.Now()
		beat := v.sent.Add(v.hub.melody.Config.PingPeriod)
		if now.Before(beat) {
			v.waitUntil(beat)
			continue
		}
		v.waitUntil(now.Add(v.hub.melody.Config.PingPeriod))
		return [][]byte{v.encoder.beat()}, nil
	}
}

// waitUntil makes the context of the wait for news. One serves for many frames: to make it takes longer than
// to encode a frame that others have been given already.
func (v *viewer) waitUntil(beat time.Time) {
	if v.endWait != nil {
		v.endWait()
	}
	v.wait, v.endWait = context.WithDeadline(v.context, beat)
}

// send writes one message when the one before has left, which melody ends after writeWait.
func (v *viewer) send(message []byte) bool {
	select {
	case <-v.idle:
	case <-v.context.Done():
		return false
	}
	v.sent = time.Now()
	return v.session.Load().Write(message) == nil
}
