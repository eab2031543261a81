package store

import (
	"cmp"
	"time"
)

// Entry is one request of one user, as it is recorded and shown.
//
// Its JSON form is the wire format of userlog, which has the names below. They never change their meaning.
// Empty fields are left out, except method, path, code and time, which django-userlog writes too. See
// [Entry.MarshalJSON].
type Entry struct {
	ID          string            // "id": unique; given by [Store.Record] where it is empty
	Username    string            // "username": whose request it was; at most 256 bytes
	Actor       string            // "actor": who acted in the user's place, such as a support agent; "" for the user
	Method      string            // "method": the HTTP method
	Path        string            // "path": path and query, as the client sent them; sensitive values masked
	Code        int               // "code": the status that was sent to the client; 0 where none was, or none is known
	Ended       End               // "ended": how the answer ended, where Code does not tell
	Problem     string            // "problem": what the application says went wrong, in its own words; masked
	Reference   string            // "reference": what the customer can name this request by; see [NewReference]
	Time        time.Time         // "time": when the response was finished; Unix seconds with six decimals
	Duration    time.Duration     // "duration": seconds with six decimals
	Route       string            // "route": the pattern that matched, such as /orders/:id
	RequestID   string            // "request_id": what the application's other logs call this request
	Page        string            // "page": the application's name for what was asked for, such as Order details
	Kind        Kind              // "kind": what the browser asked for
	Scripted    bool              // "scripted": a script fetched this fragment, and may show its address as the page's; a frame's is false, as is an old line's
	From        string            // "from": path and query of the page that asked, if it is of the same host; masked
	Location    string            // "location": path and query where the answer leads, if that is on the same host; masked
	Client      string            // "client": which browser sent it: family, system and form, such as "Firefox, Android, phone"; what is not known is left out
	Visitor     string            // "visitor": under which name it was recorded before the user logged in; see [VisitorName]. "" for what the user did
	Became      string            // "became": as whom a visitor has logged in by this request, in the visitor's log; "" for all else
	Visit       string            // "visit": what tells the user's session from others, made of the host's session id; at most 16 bytes, or else it is dropped
	Application string            // "app": the application that recorded it; given by [Store.Record] where it is empty
	Extra       map[string]string // "extra": what the application added
	Truncated   bool              // "truncated": something was too long and has been cut

	// Repeats and Since are given by [Store.Record], to what comes by itself.
	Repeats int       // "repeats": how often this process has recorded the same for the same page, from the second time on
	Since   time.Time // "over": when the first of them was finished; on the wire, how many seconds ago

	// Gap is given by [Store.Record]: requests of the user that are missing before this one, nil where none is. It is the
	// field "gap".
	Gap *Gap

	aside  bool   // "aside": it does not count because the same was recorded before; see Counts
	cursor string // what Cursor returns, where that is not the id; "" for the id
	turn   turn   // what the queue and the writer note of the entry
}

// OnlyGap reports whether the entry is a marker: it stands for no request, and has only ID, Username, Time, Application and
// Gap. A marker is written where a user's log ends with a gap that no next request tells. Its time is that of the last
// request that is missing.
func (e *Entry) OnlyGap() bool { return e.Method == "" && e.Gap != nil }

// Marker returns a marker with the entry's Gap, in the place of the entry. It is for readers who want to see the gap, and not the
// request.
func (e *Entry) Marker() *Entry {
	return &Entry{ID: e.ID, Username: e.Username, Time: e.Time, Application: e.Application, Gap: e.Gap, cursor: e.cursor}
}

// Cursor names the place behind an entry that a [Subscription] gave. A viewer that hands it to [Store.Subscribe] or
// [Store.SubscribeEveryone] resumes there. For example, a page that lost its connection asks for what came later.
//
// The cursor of an entry is its id, with one exception. In everyone's log the clocks of applications may not tell which of
// two entries came first, and another process may show them the other way round. There the cursor also names the
// process, and any other process answers it with a gap.
//
// A cursor is at most 27 bytes longer than the id, and is for resuming only. It is not in the JSON of the entry; messages
// to programs have it beside the entry.
func (e *Entry) Cursor() string { return cmp.Or(e.cursor, e.ID) }

// Kind is what the browser wanted with a request, as far as it said so. It tells the steps of a person from the requests
// that a page makes by itself. Its values are part of the wire format.
type Kind string

// The kinds of requests. A reader takes a kind that it does not know for [KindUnknown].
const (
	KindUnknown  Kind = ""         // the client did not say: a program, or an entry without the field
	KindPage     Kind = "page"     // a page that fills the window, also one that htmx loads into it (hx-boost)
	KindDownload Kind = "download" // a file that a link with the attribute download leads to
	KindFragment Kind = "fragment" // a part of a page: what htmx swaps in, a frame
	KindFetch    Kind = "fetch"    // what a script asked for: fetch, XMLHttpRequest
	KindCheck    Kind = "check"    // what a form asks about its fields while it is filled in, and what changes nothing: validations of Unpoly and of Laravel Precognition
	KindAsset    Kind = "asset"    // what a page is made of: a style, a script, an image, a font, a video
	KindBeacon   Kind = "beacon"   // what a page reports and expects no answer to: sendBeacon, ping, reports
	KindPrefetch Kind = "prefetch" // anything that is loaded in case it will be wanted
	KindSocket   Kind = "socket"   // a connection that stays: a websocket, a stream of events
)

// known reports whether k is one of the kinds above.
func (k Kind) known() bool {
	switch k {
	case KindUnknown, KindPage, KindDownload, KindFragment, KindFetch, KindCheck, KindAsset, KindBeacon, KindPrefetch, KindSocket:
		return true
	}
	return false
}

// End says how the answer to a request ended, where its status does not tell the whole truth. Its values are part of the
// wire format.
type End string

// The ends of answers. A reader takes an end that it does not know for [EndOrdinary].
const (
	EndOrdinary   End = ""           // the answer was sent with the status in Code
	EndBrokeOff   End = "broke_off"  // the handlers did not finish: Code is the status sent until then, 0 if none is known
	EndTimedOut   End = "timed_out"  // a time limit of the site ran out: Code is what the client got, 0 if that is not known
	EndGaveUp     End = "gave_up"    // the client went away before the answer was complete: Code is the status sent, 0 if there was none
	EndRedirected End = "redirected" // a header of the answer sends Inertia elsewhere: Code is 409, which is no failure then
	EndUnknown    End = "unknown"    // the handlers answered past everything that knows the status: Code is 0
)

// known reports whether n is one of the ends above.
func (n End) known() bool {
	switch n {
	case EndOrdinary, EndBrokeOff, EndTimedOut, EndGaveUp, EndRedirected, EndUnknown:
		return true
	}
	return false
}
