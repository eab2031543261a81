package handlers

// Stats count what an admin has done since it was made, in this process.
type Stats struct {
	Sockets        int    // live sockets that are open now
	SocketsOpened  uint64 // live sockets that were let in
	SocketsRefused uint64 // live sockets that were not, since there were too many, or the admin was closing
	MessagesSent   uint64 // messages that have left on live sockets

	// Recorded are the records that were written to the audit log, by their action, such as "login" or "view".
	Recorded map[string]uint64

	// NotRecorded are the records that could not be written. The acts that they are about were not done then.
	NotRecorded uint64
}

// Stats returns the counts of what the admin has done. It does not block.
func (a *Admin) Stats() Stats {
	sockets := a.hub.Stats()
	appended, failed := a.audit.Counts()
	recorded := make(map[string]uint64, len(appended))
	for action, n := range appended {
		recorded[string(action)] = n
	}
	return Stats{
		Sockets: sockets.Open, SocketsOpened: sockets.Opened, SocketsRefused: sockets.Refused, MessagesSent: sockets.Sent,
		Recorded: recorded, NotRecorded: failed,
	}
}
