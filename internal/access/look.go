// Package access answers one question for every way to a log: may somebody look, why, how often, is it
// written down, and until when?
//
// A page, a fragment, a socket, a program's request and the command "tail" describe what they are asked
// for as a [Look]. The [Gate] decides about it in this order:
//
//  1. access: somebody with the right role is there.
//  2. reason: a reason has been stated, where that is required.
//  3. allowance: the account has not had too much recorded lately.
//  4. audit log: the beginning of the viewing has been written down.
//  5. until when: the moment at which all this has to be asked again.
//
// The first step that fails decides, and its [Answer] says what is missing. So an attack on one way is an
// attack on all of them, and is mended in one place. The package knows no HTTP: the ways put an answer
// into words.
package access

import (
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// Look is one account's wish to look at a log.
type Look struct {
	Access   auth.Access // of the asker; the zero Access is nobody's
	Address  string      // the IP address from which
	Username string      // whose log; "" for everyone's, or where the look is at no user's log
	Reason   string      // a reason that came with the question, for those who can't fill in a form; "" for none
}

// Actor is the asker as the audit log names her.
func (l Look) Actor() audit.Actor {
	return audit.Actor{Name: l.Access.Account, Role: string(l.Access.Role), Via: string(l.Access.Via), Address: l.Address}
}

// Decision is what the [Gate] decides about a [Look]. The zero Decision shows nothing.
type Decision int

// What the [Gate] decides. Only after Allowed may anything be shown.
const (
	StoreLost   Decision = iota // Redis did not answer: nothing is known, or nothing can be written down
	NeedsLogin                  // nobody is logged in
	Refused                     // the account may not look
	NeedsReason                 // a reason has to be stated first
	TooMany                     // the account has had too much recorded lately
	Allowed
)

// String names the decision for tests and logs.
func (d Decision) String() string {
	return [...]string{"store lost", "needs login", "refused", "needs reason", "too many", "allowed"}[d]
}

// Answer is what the [Gate] answers about a [Look]: its decision, and what goes with it.
type Answer struct {
	Decision Decision
	Reason   auth.Reason   // that was stated; the zero Reason where none is required
	Until    time.Time     // when an open connection has to ask again; zero = not by itself
	Wait     time.Duration // after TooMany: when to try again
	Err      error         // after StoreLost: what has failed

	end func()
}

// End says that the look is over. It returns at once, may be called several times, and does nothing after
// any look but an allowed [Gate.Watch].
func (a Answer) End() {
	if a.end != nil {
		a.end()
	}
}
