package live

import "time"

// seenPeriod is how often a page is sent something that somebody looks at. Half of ten seconds: by then an agent has to see
// that the connection is dead.
const seenPeriod = 5 * time.Second

// What a page says of itself.
const (
	pageSeen   = "seen"   // somebody looks at it now, and it wants an answer
	pageHidden = "hidden" // nobody does
)

// noteLooking notes whether somebody looks at the page. A page that is looked at is sent a keepalive at once, which answers it,
// and then every five seconds, whatever else is sent. Each of these has the time: the page tells ages by it, and until when
// it knows what the user did. Others need no more than what keeps proxies from closing the connection.
func (v *viewer) noteLooking(said string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch said {
	case pageSeen:
		v.seen, v.asked = true, true
		v.audience.wake()
	case pageHidden:
		v.seen = false
	}
}

// keepalivePeriod is after how long the viewer is sent a keepalive: a browser's page does not see the pings of the protocol,
// and could not tell a quiet log from a dead connection. The caller holds mu.
func (v *viewer) keepalivePeriod() time.Duration {
	if v.seen {
		return min(seenPeriod, v.hub.melody.Config.PingPeriod)
	}
	return v.hub.melody.Config.PingPeriod
}
