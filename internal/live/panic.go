package live

import (
	"fmt"
	"runtime/debug"

	"github.com/olahol/melody"
)

// safely calls call, and returns a panic as an error. A bug that hits one viewer must not take the host down, nor
// other viewers.
func safely(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return call()
}

// guarded makes a callback for melody. A panic in it costs the viewer its connection: the page connects
// again, and goes on where it was.
func (h *Hub) guarded(call func(*viewer, *melody.Session)) func(*melody.Session) {
	return func(s *melody.Session) {
		err := safely(func() error {
			call(viewerOf(s), s)
			return nil
		})
		if err != nil {
			viewerOf(s).cut()
			h.log.Error("userlog: a live log ended", "err", err)
		}
	}
}

// fail ends a socket whose own goroutine has panicked. A panic of the handshake is the handler's.
func (v *viewer) fail(panicked any) {
	s := v.session.Load()
	if s == nil {
		return
	}
	v.hub.log.Error("userlog: a live log ended", "err", fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
	v.cut()
	v.stop()
	// melody's writer ends when it can't write this. The only error is that it has ended already.
	_ = s.Close()
}
