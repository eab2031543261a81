package store

// End says how the answer to a request ended, where its status does not tell the whole truth. Its values are part of the
// wire format.
type End string

// The ends of answers. Readers take an end that they do not know for an ordinary one.
const (
	EndOrdinary End = ""          // the answer was sent with the status in Code
	EndBrokeOff End = "broke_off" // the handlers did not finish: Code is the status sent until then, 0 if none is known
	EndTimedOut End = "timed_out" // a time limit of the site ran out: Code is what the client got, 0 if that is not known
	EndGaveUp   End = "gave_up"   // the client went away before the answer was complete: Code is the status sent, 0 if there was none
	EndUnknown  End = "unknown"   // the handlers answered past everything that knows the status: Code is 0
)

// known reports whether n is one of the ends above.
func (n End) known() bool {
	switch n {
	case EndOrdinary, EndBrokeOff, EndTimedOut, EndGaveUp, EndUnknown:
		return true
	}
	return false
}

// Failed reports whether the site did not do what was asked for: the application says so ([Entry.Problem]), the answer
// broke off or timed out, or its status is 400 or more. A client that gave up is no failure of the site.
func (e *Entry) Failed() bool {
	switch {
	case e.Problem != "", e.Ended == EndBrokeOff, e.Ended == EndTimedOut:
		return true
	case e.Ended == EndGaveUp:
		return false
	}
	return e.Code >= 400
}
