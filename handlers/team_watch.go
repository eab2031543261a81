package handlers

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Times of teamWatch.
const (
	lookingInterval = 2 * time.Second  // between two questions who looks at logs
	lookingHolds    = 15 * time.Second // how long an answer to that holds, as long as a viewing that has ended may be in it
	keepInterval    = time.Minute      // between two renewals of what is noted of a user
)

// teamWatch knows what colleagues do about users. All methods may be called from several goroutines.
type teamWatch struct {
	board   *team.Board
	logs    *store.Store
	log     *slog.Logger
	looking periodic[map[string][]string] // accounts, by the user whose log they look at

	keptMu sync.Mutex
	kept   map[string]time.Time // when what is noted of users was last renewed
}

func newTeamWatch(board *team.Board, roster *audit.Roster, logs *store.Store, log *slog.Logger) *teamWatch {
	w := &teamWatch{board: board, logs: logs, log: log, kept: make(map[string]time.Time)}
	w.looking.interval, w.looking.holds = lookingInterval, lookingHolds
	w.looking.ask = func(ctx context.Context) (map[string][]string, error) {
		viewings, err := roster.Looking(ctx)
		return lookers(viewings), err
	}
	return w
}

// lookers are the people who look, by the user whose log it is. A program that asks with an account's token is nobody who looks.
func lookers(viewings []audit.Viewing) map[string][]string {
	found := make(map[string][]string)
	for _, v := range viewings {
		via := auth.Via(v.Actor.Via)
		if v.Subject != "" && (v.Action == audit.View || v.Action == audit.Watch) && via != auth.ViaToken && via != auth.ViaHostToken {
			found[v.Subject] = append(found[v.Subject], v.Actor.Name)
		}
	}
	for username, accounts := range found {
		slices.Sort(accounts)
		found[username] = slices.Compact(accounts)
	}
	return found
}

// of returns what colleagues do about users, by the users' names. It takes one round trip to Redis, another one where somebody says "done",
// and one more every two seconds for all pages of the process. It waits for Redis for some seconds at most.
func (w *teamWatch) of(ctx context.Context, usernames []string) map[string]views.Team {
	sheets, err := w.board.Sheets(ctx, usernames...)
	said, noted := make(map[string]team.Handling), []string(nil)
	for i, sheet := range sheets {
		if !sheet.Empty() {
			said[usernames[i]], noted = sheet.Handling, append(noted, usernames[i])
		}
	}
	unknown := w.hold(ctx, said)
	if err == nil {
		w.keep(ctx, noted)
	}
	looking, known := w.looking.known(ctx)
	teams := make(map[string]views.Team, len(usernames))
	for i, username := range usernames {
		teams[username] = views.Team{
			Notes: sheets[i].Notes, Handling: said[username], Looking: looking[username], LookingLost: !known,
			Lost: sheets[i].Lost || slices.Contains(unknown, username),
		}
	}
	return teams
}

// handlings returns who takes care of users, as it holds now, for lists of them. It is not whole where Redis did not answer.
func (w *teamWatch) handlings(ctx context.Context, usernames []string) (said map[string]team.Handling, whole bool) {
	said, err := w.board.Handlings(ctx, usernames...)
	unknown := w.hold(ctx, said)
	return said, err == nil && len(unknown) == 0
}

// hold brings what was said about users up to date. If a colleague has said "done" of a user, a request of the user may have failed since. If that
// is not known, hold takes the user out of said, and returns the name: a page must not promise "done".
func (w *teamWatch) hold(ctx context.Context, said map[string]team.Handling) (unknown []string) {
	var done []string
	for username, h := range said {
		if h.State == team.Done {
			done = append(done, username)
		}
	}
	failures := make(map[string]time.Time, len(done))
	if len(done) > 0 {
		troubles, err := w.logs.TroubleOf(ctx, done...)
		for _, t := range troubles {
			failures[t.Username] = t.At
		}
		if err != nil {
			unknown = done
		}
	}
	now := w.logs.Now()
	for username, h := range said {
		said[username] = h.Now(now, failures[username])
	}
	for _, username := range unknown {
		delete(said, username)
	}
	return unknown
}

// remembered returns for how long a user is remembered from now on, and so for how long her notes are kept. It is 0 or less for a user
// who is not remembered.
func (w *teamWatch) remembered(ctx context.Context, username string) (time.Duration, error) {
	seen, err := w.logs.Seen(ctx, username)
	if len(seen) == 0 {
		gone, ok, goneErr := w.logs.Gone(ctx, username)
		if !ok || gone.Username != username {
			return 0, errors.Join(err, goneErr)
		}
		seen = []store.Seen{gone}
	}
	options := w.logs.Options()
	return seen[0].At.Add(max(options.Retention, options.Remember)).Sub(w.logs.Now()), nil
}

// keep prolongs the notes about users until these are forgotten, if they have been seen again. Should that fail, the next page tries again:
// there are hours left.
func (w *teamWatch) keep(ctx context.Context, usernames []string) {
	keep := make(map[string]time.Duration)
	for _, username := range w.due(usernames) {
		if left, err := w.remembered(ctx, username); err == nil && left > 0 {
			keep[username] = left
		}
	}
	if len(keep) == 0 {
		return
	}
	if err := w.board.Keep(ctx, keep); err != nil {
		w.log.Warn("userlog: what is noted of users may expire before they are forgotten", "err", err)
	}
}

// due returns those of some users whose sheets are to be renewed now.
func (w *teamWatch) due(usernames []string) (users []string) {
	w.keptMu.Lock()
	defer w.keptMu.Unlock()
	now := time.Now()
	maps.DeleteFunc(w.kept, func(_ string, at time.Time) bool { return now.Sub(at) >= keepInterval })
	for _, username := range usernames {
		if _, kept := w.kept[username]; !kept {
			w.kept[username] = now
			users = append(users, username)
		}
	}
	return users
}
