package middleware

import "net/http"

// capability is what a writer of net/http can do besides writing. Handlers ask for it by type assertion.
type capability uint8

const (
	flushes  capability = 1 << iota // http.Flusher
	hijacks                         // http.Hijacker
	notifies                        // http.CloseNotifier
	pushes                          // http.Pusher
	reads                           // io.ReaderFrom
)

// variant returns a writer with these capabilities, and no others. Go has no shorter way to say so: each set of methods is a
// type.
func (r *response) variant(can capability) http.ResponseWriter {
	switch can {
	case flushes:
		return struct {
			*response
			canFlush
		}{r, canFlush{r}}
	case hijacks:
		return struct {
			*response
			canHijack
		}{r, canHijack{r}}
	case flushes | hijacks:
		return struct {
			*response
			canFlush
			canHijack
		}{r, canFlush{r}, canHijack{r}}
	case notifies:
		return struct {
			*response
			canNotify
		}{r, canNotify{r}}
	case flushes | notifies:
		return struct {
			*response
			canFlush
			canNotify
		}{r, canFlush{r}, canNotify{r}}
	case hijacks | notifies:
		return struct {
			*response
			canHijack
			canNotify
		}{r, canHijack{r}, canNotify{r}}
	case flushes | hijacks | notifies:
		return struct {
			*response
			canFlush
			canHijack
			canNotify
		}{r, canFlush{r}, canHijack{r}, canNotify{r}}
	case pushes:
		return struct {
			*response
			canPush
		}{r, canPush{r}}
	case flushes | pushes:
		return struct {
			*response
			canFlush
			canPush
		}{r, canFlush{r}, canPush{r}}
	case hijacks | pushes:
		return struct {
			*response
			canHijack
			canPush
		}{r, canHijack{r}, canPush{r}}
	case flushes | hijacks | pushes:
		return struct {
			*response
			canFlush
			canHijack
			canPush
		}{r, canFlush{r}, canHijack{r}, canPush{r}}
	case notifies | pushes:
		return struct {
			*response
			canNotify
			canPush
		}{r, canNotify{r}, canPush{r}}
	case flushes | notifies | pushes:
		return struct {
			*response
			canFlush
			canNotify
			canPush
		}{r, canFlush{r}, canNotify{r}, canPush{r}}
	case hijacks | notifies | pushes:
		return struct {
			*response
			canHijack
			canNotify
			canPush
		}{r, canHijack{r}, canNotify{r}, canPush{r}}
	case flushes | hijacks | notifies | pushes:
		return struct {
			*response
			canFlush
			canHijack
			canNotify
			canPush
		}{r, canFlush{r}, canHijack{r}, canNotify{r}, canPush{r}}
	case reads:
		return struct {
			*response
			canRead
		}{r, canRead{r}}
	case flushes | reads:
		return struct {
			*response
			canFlush
			canRead
		}{r, canFlush{r}, canRead{r}}
	case hijacks | reads:
		return struct {
			*response
			canHijack
			canRead
		}{r, canHijack{r}, canRead{r}}
	case flushes | hijacks | reads:
		return struct {
			*response
			canFlush
			canHijack
			canRead
		}{r, canFlush{r}, canHijack{r}, canRead{r}}
	case notifies | reads:
		return struct {
			*response
			canNotify
			canRead
		}{r, canNotify{r}, canRead{r}}
	case flushes | notifies | reads:
		return struct {
			*response
			canFlush
			canNotify
			canRead
		}{r, canFlush{r}, canNotify{r}, canRead{r}}
	case hijacks | notifies | reads:
		return struct {
			*response
			canHijack
			canNotify
			canRead
		}{r, canHijack{r}, canNotify{r}, canRead{r}}
	case flushes | hijacks | notifies | reads:
		return struct {
			*response
			canFlush
			canHijack
			canNotify
			canRead
		}{r, canFlush{r}, canHijack{r}, canNotify{r}, canRead{r}}
	case pushes | reads:
		return struct {
			*response
			canPush
			canRead
		}{r, canPush{r}, canRead{r}}
	case flushes | pushes | reads:
		return struct {
			*response
			canFlush
			canPush
			canRead
		}{r, canFlush{r}, canPush{r}, canRead{r}}
	case hijacks | pushes | reads:
		return struct {
			*response
			canHijack
			canPush
			canRead
		}{r, canHijack{r}, canPush{r}, canRead{r}}
	case flushes | hijacks | pushes | reads:
		return struct {
			*response
			canFlush
			canHijack
			canPush
			canRead
		}{r, canFlush{r}, canHijack{r}, canPush{r}, canRead{r}}
	case notifies | pushes | reads:
		return struct {
			*response
			canNotify
			canPush
			canRead
		}{r, canNotify{r}, canPush{r}, canRead{r}}
	case flushes | notifies | pushes | reads:
		return struct {
			*response
			canFlush
			canNotify
			canPush
			canRead
		}{r, canFlush{r}, canNotify{r}, canPush{r}, canRead{r}}
	case hijacks | notifies | pushes | reads:
		return struct {
			*response
			canHijack
			canNotify
			canPush
			canRead
		}{r, canHijack{r}, canNotify{r}, canPush{r}, canRead{r}}
	case flushes | hijacks | notifies | pushes | reads:
		return struct {
			*response
			canFlush
			canHijack
			canNotify
			canPush
			canRead
		}{r, canFlush{r}, canHijack{r}, canNotify{r}, canPush{r}, canRead{r}}
	}
	return r
}
