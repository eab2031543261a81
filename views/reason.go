package views

import "time"

// Reason is the form that asks why a log is going to be looked at.
type Reason struct {
	Layout
	Username string // "" = everyone's
	Next     string // path of the log; the handler has checked it
	Text     string // typed before
	Message  *Message
	Offers   *Offers // who may be meant by Username; nil for none
}

// Reason renders the form.
func (s *Set) Reason(p Reason) ([]byte, error) { return s.page("reason", p.Lang, reasonPage{p}) }

// reasonPage is Reason as its template reads it.
type reasonPage struct{ Reason }

// Meant are the users who may be meant.
func (p reasonPage) Meant() *offers { return newOffers(p.Offers, p.Base) }

// ReasonLeft is the reason that was stated for a log, and for how long it still holds.
type ReasonLeft struct {
	Text  string
	Until time.Time
	Left  time.Duration // at the moment of the answer; the page counts it down
}

// reasonLeft is ReasonLeft as templates read it.
type reasonLeft struct {
	Text    string
	Clock   string // when the reason has to be stated again, for those without a script
	Seconds int    // how long it holds, for the script
}

func newReasonLeft(r *ReasonLeft) *reasonLeft {
	if r == nil {
		return nil
	}
	return &reasonLeft{r.Text, r.Until.UTC().Format("15:04 UTC"), int(r.Left.Seconds())}
}
