package handlers

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/directory"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Directory is what an application knows of its users: see [Options]. It is an interface of two methods, which may be called by several
// goroutines at once, and should return when ctx ends, which is after a second:
//
//   - Search(ctx, query string) ([]Person, error) returns the users whom a text means, such as a name, an e-mail address or the
//     number of an order. The best are first, and 20 are read.
//   - Lookup(ctx, usernames ...string) (map[string]Person, error) returns those of some users whom the application knows, by the
//     usernames that were asked for, 100 at most.
type Directory = directory.Directory

// Person is what agents are shown of a user. Username is the name that the middleware records. Name has 100 characters at most, Detail is
// one line of 200, and there are up to 8 Facts. Longer texts are cut.
type Person = directory.Person

// Fact is a line about a person, such as the last order. Label has 40 characters at most, and Text 200. URL may be empty. It is shown as
// a link if its host is one of Options.FactHosts.
type Fact = directory.Fact

// lookup asks the directory who some users are.
func (s *site) lookup(ctx context.Context, usernames ...string) views.People {
	usernames = slices.DeleteFunc(slices.Clone(usernames), store.IsVisitor) // of whom the host knows nothing
	known, err := s.people.Lookup(ctx, usernames...)
	return views.People{Known: known, Lost: err != nil}
}

// found is what a search has found.
type found struct {
	store.Found
	people  views.People
	partial bool // a part of the log store can't be reached
}

// search searches users by their names in the log store, and by what the directory knows of them, at once.
func (s *site) search(ctx context.Context, typed string, limit int) (found, error) {
	type answer struct {
		people []Person
		err    error
	}
	asked := make(chan answer, 1)
	go func() {
		var a answer
		if typed != "" {
			a.people, a.err = s.people.Search(ctx, typed)
		}
		asked <- a
	}()
	logs, err := s.logs.Search(ctx, typed, limit)
	a := <-asked
	result := found{Found: logs, partial: errors.Is(err, store.ErrPartial)}
	if err != nil && !result.partial {
		return found{}, err
	}
	if len(a.people) > 0 {
		if err := s.add(ctx, &result, typed, a.people, limit); err != nil {
			return found{}, err
		}
	}
	var names []string
	for _, user := range result.Users {
		names = append(names, user.Username)
	}
	result.people = s.lookup(ctx, names...)
	result.people.Lost = result.people.Lost || a.err != nil
	return result, nil
}

// add adds users whom the directory has found. They fit, so that names that are only near are left out.
func (s *site) add(ctx context.Context, f *found, typed string, people []Person, limit int) error {
	if f.Near {
		f.Users, f.Near = nil, false
	}
	var names []string
	for _, person := range people {
		if !slices.ContainsFunc(f.Users, func(user store.Seen) bool { return user.Username == person.Username }) {
			names = append(names, person.Username)
		}
	}
	seen, err := s.logs.Seen(ctx, names...)
	if err != nil && !errors.Is(err, store.ErrPartial) {
		return err
	}
	f.partial = f.partial || err != nil
	for _, name := range names {
		user := store.Seen{Username: name} // who has no log is found all the same
		if at := slices.IndexFunc(seen, func(s store.Seen) bool { return s.Username == name }); at >= 0 {
			user = seen[at]
		}
		f.Users = append(f.Users, user)
	}
	since := s.logs.Now().Add(-views.TroubleFor)
	order := func(user store.Seen) int {
		switch {
		case user.Username == typed:
			return 0
		case user.At.After(since):
			return 1
		case !user.At.IsZero():
			return 2
		}
		return 3
	}
	slices.SortStableFunc(f.Users, func(a, b store.Seen) int { return order(a) - order(b) })
	f.More = f.More || len(f.Users) > limit
	f.Users = f.Users[:min(len(f.Users), limit)]
	return nil
}

// lastSeen is when a user was seen, nil for one who has no log.
func lastSeen(user store.Seen) *time.Time {
	if user.At.IsZero() {
		return nil
	}
	return &user.At
}
