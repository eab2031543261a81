package live

import (
	"crypto/tls"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// viewer is one socket. Its audience asks the subscription for an update when the frame before has left. So a viewer
// that reads slowly delays no other viewer, and fills no buffer. It loses no entry without a gap, because the
// subscription knows which entries it has missed.
type viewer struct {
	hub          *Hub
	watch        Watch
	audience     *audience
	subscription Subscription
	encoder      encoder

	opened  chan<- opening                 // told when the socket is open; nil then. The socket's own goroutine uses it
	onEnd   func()                         // called when nothing is served any more
	session atomic.Pointer[melody.Session] // nil before the upgrade
	over    atomic.Bool                    // nothing more is sent
	ended   bool                           // the viewer has been told that its access has ended; belongs to checkAccess

	told conditions  // what the viewer was last told of all logs; only the goroutine that has claimed the viewer uses it
	team *views.Team // what the viewer was last told about colleagues; the same goroutine uses it

	received      int // messages from the viewer
	receivedSince time.Time

	mu          sync.Mutex
	busy        bool      // something is being encoded, or has not left yet
	queue       [][]byte  // messages to be sent when the one under way has left
	awaited     bool      // the audience wants to be woken when the viewer is not busy any more
	seen        bool      // somebody looks at the page
	asked       bool      // the page waits for an answer
	pausedUntil time.Time // until then entries gather, since the viewer can't take more
	keepaliveAt time.Time // at the latest, if nothing is sent before
}

// start begins to send. melody calls it before the socket's own goroutines run, so it must not wait.
func (v *viewer) start(s *melody.Session) {
	v.session.Store(s)
	s.Request = nil // which is over soon
	if v.hub.closing() {
		// melody, Drain and Close may have counted the sessions before this one was among them.
		_ = s.CloseWithMsg(restarting()) // the only error is that it is closed already
	}
	v.keepaliveAt = time.Now().Add(v.hub.melody.Config.PingPeriod)
	v.audience.add(v)
	v.subscription.Notify(v.audience.wake)
	v.tellOpened(opening{})
}

// stop ends the sending.
func (v *viewer) stop() {
	v.over.Store(true)
	v.subscription.Notify(nil)
	v.audience.remove(v)
}

// receive counts messages from the viewer. A page says whether somebody looks at it, and one that says much loses the
// socket (1008). melody calls it from the socket's own goroutine.
func (v *viewer) receive(message []byte) {
	if now := time.Now(); now.Sub(v.receivedSince) > time.Minute {
		v.receivedSince, v.received = now, 0
	}
	if v.received++; v.received == maxMessages+1 {
		// The only error is that the socket is closed already.
		_ = v.session.Load().CloseWithMsg(melody.FormatCloseMessage(melody.ClosePolicyViolation, "too many messages"))
	}
	if !v.watch.JSON {
		v.noteLooking(string(message))
	}
}

// endFlood ends the socket (1008) of a viewer that sends too much. The reader of the socket calls it, which reads no more.
func (v *viewer) endFlood() {
	if s := v.session.Load(); s != nil {
		// The only error is that the socket is closed already.
		_ = s.WebsocketConnection().WriteControl(websocket.CloseMessage,
			melody.FormatCloseMessage(melody.ClosePolicyViolation, "too much was sent"), time.Now().Add(time.Second))
	}
}

// cut closes the connection without a close message.
func (v *viewer) cut() {
	v.over.Store(true)
	s := v.session.Load()
	if s == nil {
		return
	}
	conn := s.WebsocketConnection().NetConn()
	if counting, ok := conn.(*countingConn); ok {
		conn = counting.NetConn()
	}
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn() // TLS would say goodbye, and wait for a viewer that reads nothing
	}
	conn.Close()
}

// serve sends the next update, unless the viewer is busy or can't take more yet. It returns how many messages it has sent, and after
// how long the viewer has to be served again although there is no update. 0 = never: the viewer is busy and will wake its
// audience, or has ended.
func (v *viewer) serve(now time.Time) (wait time.Duration, sent int) {
	v.try(func() (err error) { wait, sent, err = v.sendNews(now); return err })
	return wait, sent
}

// sendNews is serve without the handling of errors: it claims the viewer, polls its subscription, and sends.
func (v *viewer) sendNews(now time.Time) (wait time.Duration, sent int, err error) {
	claimed, wait := v.claim(now)
	if !claimed {
		return wait, 0, nil
	}
	if told := v.audience.conditionsNow(); told != v.told {
		v.told = told
		messages, err := v.encoder.tell(told)
		if err != nil {
			return 0, 0, err
		}
		if len(messages) > 0 {
			_, sent = v.send(messages, now, 0)
			return maxGather, sent, nil
		}
	}
	if team := v.audience.team.Load(); team != v.team {
		v.team = team
		messages, err := v.encoder.meet(team)
		if err != nil {
			return 0, 0, err
		}
		if len(messages) > 0 {
			_, sent = v.send(messages, now, 0)
			return maxGather, sent, nil
		}
	}
	update, news, err := v.subscription.Poll()
	switch {
	case err != nil:
		return 0, 0, err
	case !news:
		wait, sent = v.send(nil, now, 0)
		return wait, sent, nil
	case v.encoder.isSlow(update):
		v.hub.background.Go(func() {
			v.try(func() error {
				_, sent, err := v.deliver(update, now)
				v.hub.pace.spend(now, sent)
				return err
			})
		})
		return maxGather, 0, nil
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

// deliver encodes an update and sends it. It returns how many messages that are, and after how long there may be more to send.
func (v *viewer) deliver(update store.Update, now time.Time) (wait time.Duration, sent int, err error) {
	messages, err := v.encoder.encode(update)
	switch {
	case errors.Is(err, errUnread):
		sent, err = v.endUnread(err)
		return 0, sent, err
	case err != nil:
		return 0, 0, err
	case len(messages) == 0: // the update had nothing for this viewer, for whom the log is quiet
		wait, sent = v.send(nil, now, 0)
		return min(maxGather, wait), sent, nil
	}
	_, sent = v.send(messages, now, v.encoder.pause())
	return maxGather, sent, nil
}

// endUnread tells a page that the log store is away, and ends its socket (1013) with nothing of the update. The page asks for that
// again after five seconds or so. It returns how many messages it has sent. The viewer is over then, so that no later update is sent.
func (v *viewer) endUnread(cause error) (sent int, err error) {
	messages, err := v.encoder.encode(store.Update{State: store.Lost})
	if err != nil || v.over.Swap(true) {
		return 0, err
	}
	s := v.session.Load()
	if v.hub.closing() { // which ends what is being read
		_ = s.CloseWithMsg(restarting()) // as below
		return 0, nil
	}
	v.hub.warnOfUnread(cause)
	for _, message := range messages {
		// The only error of both is that the socket is closed already.
		_ = s.Write(message)
	}
	_ = s.CloseWithMsg(melody.FormatCloseMessage(melody.CloseTryAgainLater, "the log could not be read"))
	return len(messages), nil
}

// send sends messages, one after the other, and behind them a keepalive where one is due. The viewer is busy until they
// have left, and then needs a pause. It returns how long it is until the next keepalive, and how many messages there are.
func (v *viewer) send(messages [][]byte, now time.Time, pause time.Duration) (wait time.Duration, sent int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	period := v.keepalivePeriod()
	if len(messages) > 0 {
		v.pausedUntil = now.Add(pause)
		if !v.seen {
			v.keepaliveAt = now.Add(period) // the page knows that the connection works
		}
	}
	// A keepalive that is due soon is sent at once, so that the keepalives of many viewers fall together.
	if v.asked || v.keepaliveAt.Sub(now) < period/5 {
		messages = append(append(messages, v.encoder.expire()...), v.encoder.keepalive(v.asked))
		v.asked, v.keepaliveAt = false, now.Add(period)
	}
	v.queue, sent = messages, len(messages)
	v.sendNext()
	return v.keepaliveAt.Sub(now), sent
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
		// The only error is that the socket is closed, and then melody calls stop. melody's buffer has room: it never
		// holds anything but this message and a close message. A message without room would be lost, and never be
		// acknowledged.
		_ = v.session.Load().Write(message)
		return
	}
	v.busy, v.queue = false, nil
	if v.awaited {
		v.awaited = false
		v.audience.wake()
	}
}
