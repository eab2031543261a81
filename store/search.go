package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store/internal/nametable"
)

// How a search reads names that begin with a text: a few at first, and more where most have expired.
const (
	maxNamesRead = 1000 // at a time
	maxSearched  = 2000 // in all, which takes milliseconds; few of them belong to expired logs, because applications remove those names
)

const (
	knownPatience = 20 * time.Millisecond // for so long a search that has found somebody waits for new names,
	firstPatience = 10 * time.Second      // and for so long one that has found nobody; after that, users may be missing
	spareNames    = 20                    // so many names beyond the limit are taken from memory, since the logs of some may have expired

	// hereFor is how long after the last request somebody comes first in a search.
	hereFor = 15 * time.Minute
)

// Found are the users whom a search found.
type Found struct {
	// Users are those whose names fit, the best first. The user of exactly the name that was searched is the first. Users who made a
	// request within 15 minutes come before all others. Among either, names that begin with the text come first, and then names in
	// which a word does.
	Users []Seen

	// Near says that nobody fits, and these names differ from the text by a letter or two: "kathrin" where "cathrin" was
	// searched. They may be somebody else's.
	Near bool

	// More says that more users fit.
	More bool

	// Unread says that there may be more users, because names are still being read into memory. The same search finds them in a
	// moment.
	Unread bool
}

// Search returns up to limit users whose names contain what was typed or pasted, and whose logs have not expired. If there are
// none, it returns those with similar names. Case, accents and other marks do not matter, nor does what can't be seen, nor
// what mail programs put around an address. For an empty text, or one of accents only, it returns the users who were seen last.
//
// The first search reads the names of all users into memory, some 90 MB for a million, where they are kept until nobody has
// searched for 15 minutes. Search waits for Redis for two seconds at most, and for names that are being read for ten. With
// [ErrPartial] there may be more users.
func (s *Store) Search(ctx context.Context, typed string, limit int) (Found, error) {
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	if limit < 1 {
		return Found{}, nil
	}
	text := searched(typed)
	if foldName(text) == "" {
		users, err := s.LastSeen(ctx, limit+1)
		return Found{Users: users[:min(len(users), limit)], More: len(users) > limit}, err
	}
	ctx, cancel := context.WithTimeout(ctx, firstPatience+readTimeout)
	defer cancel()
	search := nameSearch{typed: typed, texts: []string{text}, began: time.Now()}
	if plus := strings.ReplaceAll(text, " ", "+"); plus != text {
		search.texts = append(search.texts, plus)
	}
	users, err := s.fitting(ctx, &search, limit)
	near := err == nil && len(users) == 0
	if near {
		users, err = s.near(ctx, &search, limit)
		near = len(users) > 0
	}
	if err != nil {
		return Found{}, err
	}
	return Found{Users: users[:min(len(users), limit)], Near: near, More: len(users) > limit, Unread: search.unread}, search.partial
}

// nameSearch is a search for names.
type nameSearch struct {
	typed   string
	texts   []string // to find in names
	began   time.Time
	unread  bool
	partial error // ErrPartial, or nil
}

// missed notes that a part of the index could not be read, or not yet. It returns any other error.
func (n *nameSearch) missed(err error) error {
	switch {
	case errors.Is(err, ErrPartial):
		n.partial = err
	case errors.Is(err, errUnread):
		n.unread = true
	default:
		return err
	}
	return nil
}

// Seen returns those of the users whose logs have not expired, and when each was seen, in the order of the names. It waits for
// Redis for two seconds at most; where a master of a Cluster hangs, for four. With [ErrPartial] there may be more.
func (s *Store) Seen(ctx context.Context, usernames ...string) ([]Seen, error) {
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	var search nameSearch
	users, err := s.livingUsers(ctx, &search, usernames)
	if err != nil {
		return nil, err
	}
	return users, search.partial
}

// fitting returns users whose names fit, in their order, and one more than limit where there are more. Redis finds the names that begin
// with the text. The names in memory tell where the text stands elsewhere in a name, and which users were seen lately.
func (s *Store) fitting(ctx context.Context, search *nameSearch, limit int) ([]Seen, error) {
	s.known.names(search.began.Add(-knownFor)) // are read while Redis is asked
	users, err := s.livingUsers(ctx, search, spellings(search.typed))
	if err != nil {
		return nil, err
	}
	for _, text := range search.texts {
		begin, err := s.beginning(ctx, search, foldName(text), limit+1)
		if err != nil {
			return nil, err
		}
		users = append(users, begin...)
	}
	names, err := s.knownTo(ctx, search, len(users) > 0)
	if err != nil {
		return nil, err
	}
	var inside []string
	for _, text := range search.texts {
		inside = append(inside, names.Containing(looseName(text), s.times(), limit+spareNames)...)
	}
	living, err := s.livingUsers(ctx, search, inside)
	return search.sorted(append(users, living...), s.Now()), err
}

// knownTo returns the names in memory. If the search has found somebody already, knownTo hardly waits for new names. Otherwise it
// waits until all names are read, for firstPatience at most.
func (s *Store) knownTo(ctx context.Context, search *nameSearch, found bool) (*nametable.Table, error) {
	since, patience := search.began, firstPatience
	if found {
		since, patience = since.Add(-knownFor), knownPatience
	}
	ctx, cancel := context.WithTimeout(ctx, time.Until(search.began.Add(patience)))
	defer cancel()
	names, err := s.known.wait(ctx, since)
	if err := search.missed(err); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return names, nil
}

// ExpectSearch begins to read names into memory, for a search that may come. Pages with a search field call it. It does not block.
func (s *Store) ExpectSearch() { s.known.names(time.Now().Add(-knownUnused)) }

// times are since when a user must have been seen to be found, and since when to come first.
func (s *Store) times() nametable.Times {
	now := s.Now()
	return nametable.Times{Found: now.Add(-s.options.Retention), First: now.Add(-hereFor)}
}

// near returns users with similar names, those that differ least first.
func (s *Store) near(ctx context.Context, search *nameSearch, limit int) ([]Seen, error) {
	names, err := s.knownTo(ctx, search, false)
	if err != nil {
		return nil, err
	}
	return s.livingUsers(ctx, search, names.Near(looseName(search.texts[0]), s.times(), limit+spareNames))
}

// sorted are users in the order of a search, each once.
func (n *nameSearch) sorted(users []Seen, now time.Time) []Seen {
	meant := make(map[string]bool)
	for _, spelling := range spellings(n.typed) {
		meant[spelling] = true
	}
	ranks := make(map[string]rank, len(users))
	users = slices.DeleteFunc(users, func(user Seen) bool {
		if _, twice := ranks[user.Username]; twice {
			return true
		}
		r := rank{folded: looseName(user.Username), away: user.At.Before(now.Add(-hereFor)), fit: nametable.None, kind: 2}
		for _, text := range n.texts {
			r.fit = min(r.fit, nametable.FitOf(r.folded, looseName(text)))
		}
		switch {
		case user.Username == n.typed:
			r.kind = 0
		case meant[user.Username], r.fit == nametable.Whole:
			r.kind = 1
		}
		ranks[user.Username] = r
		return false
	})
	slices.SortFunc(users, func(a, b Seen) int {
		return cmp.Or(ranks[a.Username].compare(ranks[b.Username]), strings.Compare(a.Username, b.Username))
	})
	return users
}

// rank is what users are sorted by.
type rank struct {
	kind   int  // 0 is exactly what was typed, 1 the same but for case and the like, 2 any other name
	away   bool // the user made no request within hereFor
	fit    nametable.Fit
	folded string
}

func (r rank) compare(other rank) int {
	if order := cmp.Compare(r.kind, other.kind); order != 0 {
		return order
	}
	if r.away != other.away {
		if r.away {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(r.fit, other.fit), strings.Compare(r.folded, other.folded))
}

// beginning returns up to limit users whose folded names begin with a text, in the order of their names.
func (s *Store) beginning(ctx context.Context, search *nameSearch, folded string, limit int) ([]Seen, error) {
	names := nameRange{parts: s.index.parts(ctx, nil), from: "[" + folded, to: "(" + folded + "\xff"} // a byte that is never in UTF-8
	var users []Seen
	for read := limit; len(users) < limit && names.read < maxSearched && !names.ended; read = min(8*read, maxNamesRead) {
		usernames, err := s.nextNames(ctx, search, &names, read)
		if err != nil {
			return nil, err
		}
		living, err := s.livingUsers(ctx, search, usernames)
		if err != nil {
			return nil, err
		}
		users = append(users, living...)
	}
	return users, nil
}

// nameRange is how far names have been read, in their order.
type nameRange struct {
	parts    []indexPart
	from, to string // the bounds of ZRANGEBYLEX
	read     int
	ended    bool
}

// nextNames returns up to n usernames.
func (s *Store) nextNames(ctx context.Context, search *nameSearch, names *nameRange, n int) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	members, err := s.index.names(ctx, names.parts, names.from, names.to, n)
	if err := search.missed(err); err != nil {
		return nil, fmt.Errorf("search for names: %w", err)
	}
	names.read += len(members)
	names.ended = len(members) < n
	if len(members) > 0 {
		names.from = "(" + members[len(members)-1]
	}
	for i, member := range members {
		_, members[i], _ = strings.Cut(member, "\x00")
	}
	return members, nil
}

// livingUsers returns those of the users whose logs have not expired, in the same order.
func (s *Store) livingUsers(ctx context.Context, search *nameSearch, usernames []string) ([]Seen, error) {
	if len(usernames) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	scores, err := s.index.scores(ctx, usernames)
	if err := search.missed(err); err != nil {
		return nil, fmt.Errorf("read when users were seen: %w", err)
	}
	since := s.Now().Add(-s.options.Retention).UnixMilli()
	users := make([]Seen, 0, len(usernames))
	for i, username := range usernames {
		if at := int64(scores[i]); at >= since && CheckUsername(username) == nil {
			users = append(users, Seen{Username: username, At: time.UnixMilli(at).UTC()})
		}
	}
	return users, nil
}
