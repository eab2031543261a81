package live

// Stats is what a hub has done, and what it holds.
type Stats struct {
	Open    int    // sockets now
	Opened  uint64 // viewers that were let in
	Refused uint64 // viewers that were not, since there were too many, or the server was stopping
	Sent    uint64 // messages that have left
}

// Stats returns the counts of the hub.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	open := len(h.viewers)
	h.mu.Unlock()
	return Stats{Open: open, Opened: h.opened.Load(), Refused: h.refused.Load(), Sent: h.sent.Load()}
}

// countEntry counts a viewer who came.
func (h *Hub) countEntry(err error) {
	if err != nil {
		h.refused.Add(1)
		return
	}
	h.opened.Add(1)
}
