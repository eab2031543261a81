package views

// What pages say, for tests that see them from outside.
const (
	ActiveFor            = activeFor
	IdleFor              = idleFor
	Connecting           = connecting
	ConnectionLost       = connectionLost
	ConnectionRefreshing = connectionRefreshing
)
