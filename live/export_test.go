package live

import "time"

// Hurry gives a hub without viewers shorter limits than tests can wait for.
func (h *Hub) Hurry(ping, pong, write time.Duration) {
	h.melody.Config.PingPeriod, h.melody.Config.PongWait, h.melody.Config.WriteWait = ping, pong, write
}

// The limits that hubs have.
const (
	PingPeriod = pingPeriod
	PongWait   = pongWait
	WriteWait  = writeWait
)
