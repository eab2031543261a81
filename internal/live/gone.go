package live

import "time"

const (
	// expiryMargin is how much later than the log itself expires a page says so: clocks are not exact.
	expiryMargin = 3 * time.Second
	// recheckAfter is how often the hub asks whether a log has expired that lives longer than the time of its newest entry tells. After
	// an answer that could not be read, the hub waits for as long.
	recheckAfter = time.Minute
)

// goneLog is what is known of a log that has expired.
type goneLog struct {
	lastSeen  func() (time.Time, error) // when the user was last seen; nil = nobody knows
	isThere   func() bool               // whether the log has entries, or may have; nil = it has none
	recheck   time.Time                 // before this time, neither is asked again
	retention time.Duration             // of the log; 0 = it does not expire
	looked    bool
	at        time.Time // when the user was last seen; zero = that is not known, or the log is there
	newest    time.Time // of the entries that the page was given
	guessed   bool      // newest is when the page came back with entries that another connection gave it
}

// unfound is when the user was last seen of whom the page was given nothing. It asks until there is an answer, which may be that nobody
// remembers that.
func (g *goneLog) unfound(now time.Time) time.Time {
	if !g.unknown() || now.Before(g.recheck) {
		return g.at
	}
	at, err := g.lastSeen()
	g.looked, g.at, g.recheck = err == nil, at, now.Add(recheckAfter)
	return g.at
}

// unknown reports whether it is still to be asked when the user was last seen.
func (g *goneLog) unknown() bool { return !g.looked && g.lastSeen != nil }

// found notes the time of the newest entry that the page is given. An entry that has waited for Redis may be older than the retention.
// Then the log is taken to have been written now.
func (g *goneLog) found(newest, now time.Time) {
	old := g.retention > 0 && now.Sub(newest) > g.retention
	if old {
		newest = now
	}
	*g = goneLog{lastSeen: g.lastSeen, isThere: g.isThere, retention: g.retention, newest: newest, guessed: old}
}

// expired reports whether the log that the page shows has expired by now. A log expires when the retention has passed since it was last
// written. Its newest entry may have waited for Redis before that, for example half an hour of the hour that a log lives. So the entry's time
// alone does not tell, and the log itself is looked at.
func (g *goneLog) expired(now time.Time) bool {
	if g.retention <= 0 || g.newest.IsZero() || now.Sub(g.newest) <= g.retention+expiryMargin || now.Before(g.recheck) {
		return false
	}
	if g.isThere != nil && g.isThere() {
		g.recheck = now.Add(recheckAfter)
		return false
	}
	return true
}

// expire tells a page, once, that the log which it shows has expired. The page then hides the rows. A page that shows none is told what
// could not be read when it came.
func (e *htmlEncoder) expire() [][]byte {
	if e.steps == nil || !e.told || !e.found && !e.gone.unknown() || e.found && !e.gone.expired(e.now()) {
		return nil
	}
	if e.found && (!e.gone.guessed || e.gone.unfound(e.now()).IsZero() && !e.gone.unknown()) {
		e.gone.looked, e.gone.at = true, e.gone.newest
	}
	e.found = false
	status, err := e.statusPartials(e.status.State)
	if err != nil || len(status) == 0 {
		return nil
	}
	return [][]byte{status}
}
