package views

import "time"

// Reason is the form that asks why a log is going to be looked at.
type Reason struct {
	Layout
	Username string // "" = everyone's
	Next     string // path of the log; the handler has checked it
	Text     string // what was typed before
	Message  *Message
}

// Reason renders the form.
func (s *Set) Reason(p Reason) ([]byte, error) { return s.page("reason", p.Lang, p) }

// ReasonLeft is the reason that was stated for a log, and for how long it still holds.
type ReasonLeft struct {
	Text  string
	Until time.Time
	Left  time.Duration // at the moment of the answer; counted down by the page
}

// Clock is when the reason has to be stated again, for those without a script.
func (r ReasonLeft) Clock() string { return r.Until.UTC().Format("15:04 UTC") }

// Seconds is how long the reason holds, for the page.
func (r ReasonLeft) Seconds() int { return int(r.Left.Seconds()) }
