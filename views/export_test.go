package views

import "github.com/gin-userlog/userlog/internal/journey"

// ConnectionState is the state of a page, for tests that see pages from outside.
type ConnectionState = connectionState

// The states of a page, and how long users are active and idle.
const (
	Connecting           = connecting
	Connected            = connected
	ConnectionLost       = connectionOff
	ConnectionStoreLost  = storeLost
	ConnectionNobody     = nobodyReports
	ConnectionRefreshing = refreshing
	ActiveFor, IdleFor   = activeFor, idleFor
)

// NobodyReports is the message of everyone's log.
func NobodyReports() *Message { return nobodyHasReported() }

// Messages renders what #messages contains.
func (s *Set) Messages(lang string, m *Message) ([]byte, error) { return s.part("message", lang, m) }

// Connection renders #connection.
func (s *Set) Connection(lang string, state ConnectionState) ([]byte, error) {
	return s.part("connection", lang, state)
}

// Now renders #now.
func (s *Set) Now(lang, username string, where journey.Now, hints []journey.Hint) ([]byte, error) {
	return newMarkup(s.catalogue(lang), nowSize).now(nowLineOf(username, where, hints)).bytes()
}

// Parse parses a page in a language, as its first reader has it parsed.
func (s *Set) Parse(lang, page string) error {
	_, err := s.in(lang).pages[page]()
	return err
}

// PageNames are all pages.
func PageNames() []string { return pageNames[:] }
