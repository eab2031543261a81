package live

import (
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"

	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/store"
)

// viewer is one socket. Its room asks the subscription for news when what was sent before has left: a viewer
// that reads slowly delays nobody, fills no buffer, and loses nothing without a gap, since the subscription
// knows what it missed.
type viewer struct {
	hub          *Hub
	watch        Watch
	room         *room
	subscription *store.Subscription
	encoder      encoder

	session atomic.Pointer[melody.Session] // nil before the upgrade
	over    atomic.Bool                    // nothing more is sent
	ended   bool                           // it has been told that it may not look any longer; checkAccess's

	heard      int // messages from the viewer
	heardSince time.Time

	mu          sync.Mutex
	busy        bool      // something is being encoded, or has not left yet
	queue       [][]byte  // what is to be sent when the message under way has left
	awaited     bool      // the room wants to know when it is not busy any more
	pausedUntil time.Time // what is recorded before gathers
	beatAt      time.Time // at the latest, if nothing is sent before
}

// encoder turns an update into messages.
type encoder interface {
	encode(store.Update) ([][]byte, error)
	// takesLong reports whether encode may take so long that others should not have to wait for it.
	takesLong(store.Update) bool
	// pass notes that the last so many entries, of which this is the newest, were not for the viewer, who goes on
	// after them all the same; it returns messages with what there is to say about that.
	pass(messages [][]byte, newest *store.Entry, entries int) [][]byte
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
	if watch.Username == "" && (watch.Filter.Active() || watch.App != "" || !watch.wantsEvery()) {
		e = &filtered{encoder: e, watch: watch}
	}
	return e
}

// start begins to send. melody calls it before the socket's own goroutines run, so it must not wait.
func (v *viewer) start(s *melody.Session) {
	v.session.Store(s)
	if v.hub.closing() {
		// melody, and Close, may have counted the sessions before this one was among them.
		_ = s.CloseWithMsg(restarting()) // the only error is that it is closed already
	}
	v.beatAt = time.Now().Add(v.hub.melody.Config.PingPeriod)
	v.room.add(v)
	v.subscription.Notify(v.room.news)
}

// stop ends the sending.
func (v *viewer) stop() {
	v.over.Store(true)
	v.subscription.Notify(nil)
	v.room.remove(v)
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

// cut closes the connection without a word.
func (v *viewer) cut() {
	v.over.Store(true)
	s := v.session.Load()
	if s == nil {
		return
	}
	conn := s.WebsocketConnection().NetConn()
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn() // TLS would say goodbye, and wait for whoever takes nothing
	}
	conn.Close()
}

// serve sends what there is to tell, unless the viewer is busy, or was sent something less than a frame's
// interval before now. It returns after how long it has to be called again even if there is no news; 0 = never:
// the viewer is busy and will wake its room, or has ended.
func (v *viewer) serve(now time.Time) (wait time.Duration) {
	v.try(func() (err error) { wait, err = v.tell(now); return err })
	return wait
}

// tell claims the viewer, asks for its news, and sends them: serve, but for the care for errors.
func (v *viewer) tell(now time.Time) (wait time.Duration, err error) {
	claimed, wait := v.claim(now)
	if !claimed {
		return wait, nil
	}
	update, news, err := v.subscription.Poll()
	switch {
	case err != nil:
		return 0, err
	case !news:
		return v.keepAlive(now), nil
	case v.encoder.takesLong(update):
		v.hub.background.Go(func() {
			v.try(func() error {
				_, err := v.deliver(update, now)
				return err
			})
		})
		return frameInterval, nil
	}
	return v.deliver(update, now)
}

// try calls call, and cuts the connection after an error or a panic: the page connects again, and goes on where
// it was.
func (v *viewer) try(call func() error) {
	if err := safely(call); err != nil {
		expected := v.over.Load()
		v.cut()
		if !expected {
			v.hub.log.Error("userlog: a live log ended", "err", err)
		}
	}
}

// claim makes the viewer busy, if it can be served.
func (v *viewer) claim(now time.Time) (claimed bool, wait time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	wait = v.pausedUntil.Sub(now)
	switch {
	case v.over.Load():
		return false, 0
	case wait > 0:
		return false, wait
	case v.busy:
		v.awaited = true
		return false, 0
	}
	v.busy = true
	return true, 0
}

// deliver encodes an update and sends it. It returns after how long there may be more to send.
func (v *viewer) deliver(update store.Update, now time.Time) (wait time.Duration, err error) {
	messages, err := v.encoder.encode(update)
	switch {
	case err != nil:
		return 0, err
	case len(messages) == 0: // nothing of it was for the viewer, for whom the log is quiet
		return min(frameInterval, v.keepAlive(now)), nil
	}
	v.send(messages, now)
	return frameInterval, nil
}

// keepAlive ends being busy where there is nothing to tell and, if nothing was sent for too long, sends a beat: a
// browser's page does not see the pings of the protocol, and could not tell a quiet log from a dead connection.
// It returns how long it is until the next. Beats that are due soon are sent at once, so that those of many
// viewers fall together.
func (v *viewer) keepAlive(now time.Time) (wait time.Duration) {
	var messages [][]byte
	period := v.hub.melody.Config.PingPeriod
	if wait = v.beatAt.Sub(now); wait < period/5 {
		messages, wait = [][]byte{v.encoder.beat()}, period
	}
	v.send(messages, now)
	return wait
}

// send sends messages, one after the other. The viewer is busy until they have left.
func (v *viewer) send(messages [][]byte, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(messages) > 0 {
		// The first after a quiet moment goes out at once; what follows gathers.
		v.pausedUntil, v.beatAt = now.Add(frameInterval), now.Add(v.hub.melody.Config.PingPeriod)
	}
	v.queue = messages
	v.sendNext()
}

// acknowledge notes that a message has been handed to the network.
func (v *viewer) acknowledge() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sendNext()
}

// sendNext sends the next message or, if there is none, ends being busy. The caller holds mu.
func (v *viewer) sendNext() {
	if len(v.queue) > 0 && !v.over.Load() {
		message := v.queue[0]
		v.queue = v.queue[1:]
		// The only error is that the socket is closed: then stop is called. melody's buffer has room, since nothing
		// else but a close message is ever in it; what it has no room for is lost, and would never be acknowledged.
		_ = v.session.Load().Write(message)
		return
	}
	v.busy, v.queue = false, nil
	if v.awaited {
		v.awaited = false
		v.room.wake()
	}
}
