package live

import (
	"context"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Logs is where a hub gets logs from. [FromStore] makes one of a store.
type Logs interface {
	// Subscribe gives a place in the log of a user, behind the entry that a cursor names. The username "" stands
	// for everyone. It must not wait for the network.
	Subscribe(username, after string) (Subscription, error)
	// Entries reads the log of a user as it is now, the newest entry first.
	Entries(ctx context.Context, username string) ([]store.Entry, error)
	// MaxEntries is how many entries a log holds at most.
	MaxEntries() int
	// Gone returns when a user was last seen whose log has expired; zero where nobody remembers that. With an error it is not known.
	Gone(ctx context.Context, username string) (time.Time, error)
	// Retention is how long a log is kept after the last request.
	Retention() time.Duration
	// Now is the time by the clock that entries are recorded by.
	Now() time.Time
}

// Subscription is one viewer's place in a log. [store.Subscription] is one, and says what the methods promise.
type Subscription interface {
	Poll() (update store.Update, ok bool, err error)
	Notify(call func())
	Close()
}

// Pages renders the rows and partials of frames for the admin's pages. [views.Set] does.
type Pages interface {
	Row(lang, base string, e *store.Entry, withUser bool) ([]byte, error)
	StepRow(lang string, step *journey.Step) ([]byte, error)
	GapRow(lang string, withUser bool) ([]byte, error)
	MissingRow(lang, base string, e *store.Entry) ([]byte, error)
	OmittedRow(lang string, withUser bool, n int) ([]byte, error)
	NowPartial(lang, username string, steps *journey.Folder, at time.Time) ([]byte, error)
	ColleaguesPartial(lang string, c views.Colleagues) ([]byte, error)
	StatusPartials(lang string, status views.LogStatus) ([]byte, error)
}

// FromStore returns the logs of a store.
func FromStore(s *store.Store) Logs { return storedLogs{s} }

type storedLogs struct{ store *store.Store }

func (l storedLogs) Subscribe(username, after string) (Subscription, error) {
	if username == "" {
		return l.store.SubscribeEveryone(after)
	}
	return l.store.Subscribe(username, after)
}

func (l storedLogs) Entries(ctx context.Context, username string) ([]store.Entry, error) {
	log, err := l.store.Log(ctx, username) // which has a time limit of its own, too
	return log.Entries, err
}

func (l storedLogs) Gone(ctx context.Context, username string) (time.Time, error) {
	user, ok, err := l.store.Gone(ctx, username) // which has a time limit of its own
	if !ok || user.Username != username {
		return time.Time{}, err
	}
	return user.At, nil
}

func (l storedLogs) Retention() time.Duration { return l.store.Options().Retention }

func (l storedLogs) MaxEntries() int { return l.store.Options().MaxEntries }

func (l storedLogs) Now() time.Time { return l.store.Now() }
