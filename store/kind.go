package store

// Kind is what a request was for, as far as the browser said: what tells a person's steps from what
// a page fetches by itself. Its values are part of the wire format.
type Kind string

// The kinds of requests. Readers take a kind that they do not know for unknown.
const (
	KindUnknown  Kind = ""         // the client did not say: a program, or an entry without the field
	KindPage     Kind = "page"     // a page that fills the window, also one that htmx loads into it (hx-boost)
	KindDownload Kind = "download" // a file that a link with the attribute download leads to
	KindFragment Kind = "fragment" // a part of a page: what htmx swaps in, a frame
	KindFetch    Kind = "fetch"    // what a script asked for: fetch, XMLHttpRequest
	KindAsset    Kind = "asset"    // what a page is made of: a style, a script, an image, a font, a video
	KindBeacon   Kind = "beacon"   // what a page reports and expects no answer to: sendBeacon, ping, reports
	KindPrefetch Kind = "prefetch" // anything that is loaded in case it will be wanted
	KindSocket   Kind = "socket"   // a connection that stays: a websocket, a stream of events
)

// known reports whether k is one of the kinds above.
func (k Kind) known() bool {
	switch k {
	case KindUnknown, KindPage, KindDownload, KindFragment, KindFetch, KindAsset, KindBeacon, KindPrefetch, KindSocket:
		return true
	}
	return false
}
