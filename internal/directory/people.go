package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

const (
	patience   = time.Second      // that anybody waits for the host,
	pause      = 5 * time.Second  // for which it isn't asked again after it has been slow, and its failures are not logged again,
	maxUnder   = 16               // questions under way at once, also of those nobody waits for any more
	keepFor    = time.Minute      // for which an answer holds
	keepNobody = 10 * time.Second // and one that there is nobody
	maxKept    = 10_000           // answers
)

// ErrLost says that the host has not answered in time, has failed, or is not asked because it was slow a moment ago.
var ErrLost = errors.New("the application's directory does not answer")

// Options of [New].
type Options struct {
	Directory Directory                                   // nil: nothing is known of anybody
	Exists    func(context.Context, string) (bool, error) // instead of a directory: whether there is such a user
	Hosts     []string                                    // to which addresses of facts may lead
	Logger    *slog.Logger                                // is told of failures
	Patience  time.Duration                               // that anybody waits for the host. Default: a second
}

// People answers who users are. All methods may be called by several goroutines.
type People struct {
	options        Options
	search, lookup question
	under          chan struct{}

	mu   sync.Mutex
	kept map[string]kept
}

// kept is an answer of the host.
type kept struct {
	person Person
	known  bool
	until  time.Time
}

// question is one of the questions to the host, and until when it is not asked.
type question struct {
	name   string
	mu     sync.Mutex
	paused time.Time
	logged time.Time
}

// New returns people of a directory.
func New(options Options) *People {
	if options.Patience == 0 {
		options.Patience = patience
	}
	return &People{
		options: options, search: question{name: "search"}, lookup: question{name: "lookup"},
		under: make(chan struct{}, maxUnder), kept: make(map[string]kept),
	}
}

// Known reports whether the host says who its users are, and not only whether they exist.
func (p *People) Known() bool { return p.options.Directory != nil }

// Search returns users whom a text means: 20 at most, each once, with names under which they can have a log. The error is ErrLost.
func (p *People) Search(ctx context.Context, query string) ([]Person, error) {
	if !p.Known() {
		return nil, nil
	}
	found, err := ask(ctx, p, &p.search, func(ctx context.Context) ([]Person, error) { return p.options.Directory.Search(ctx, query) })
	if err != nil {
		return nil, err
	}
	var people []Person
	seen := make(map[string]bool)
	for _, person := range found[:min(len(found), MaxFound)] {
		if store.CheckUsername(person.Username) == nil && !seen[person.Username] {
			seen[person.Username] = true
			people = append(people, clean(person, p.options.Hosts))
		}
	}
	p.keep(nil, people)
	return people, nil
}

// Lookup returns those of the users whom the host knows, by their usernames. A user whom it does not return after an error may exist. Names that nobody
// can have are left out: readers can send any text, and answers are kept by it. The error is ErrLost.
func (p *People) Lookup(ctx context.Context, usernames ...string) (map[string]Person, error) {
	if !p.Known() {
		return nil, nil
	}
	usernames = slices.DeleteFunc(slices.Clone(usernames), func(username string) bool { return store.CheckUsername(username) != nil })
	people, unknown := p.recall(usernames)
	if len(unknown) == 0 {
		return people, nil
	}
	unknown = unknown[:min(len(unknown), MaxLookup)]
	found, err := ask(ctx, p, &p.lookup, func(ctx context.Context) (map[string]Person, error) {
		return p.options.Directory.Lookup(ctx, slices.Clone(unknown)...)
	})
	if err != nil {
		return people, err
	}
	var answered []Person
	for _, username := range unknown {
		person, ok := found[username]
		if !ok {
			continue
		}
		person = clean(person, p.options.Hosts)
		people[username] = person
		person.Username = username
		answered = append(answered, person)
	}
	p.keep(unknown, answered)
	return people, nil
}

// Exists reports whether the host has a user of exactly this name. Where it can't say, it may, and the error is ErrLost.
func (p *People) Exists(ctx context.Context, username string) (bool, error) {
	switch {
	case p.Known():
		people, err := p.Lookup(ctx, username)
		person, ok := people[username]
		return err != nil || ok && (person.Username == "" || person.Username == username), err
	case p.options.Exists != nil:
		exists, err := ask(ctx, p, &p.lookup, func(ctx context.Context) (bool, error) { return p.options.Exists(ctx, username) })
		return err != nil || exists, err
	}
	return true, nil
}

// recall returns what is known of users, and of whom nothing is.
func (p *People) recall(usernames []string) (people map[string]Person, unknown []string) {
	people = make(map[string]Person)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, username := range usernames {
		switch answer, ok := p.kept[username]; {
		case !ok || now.After(answer.until):
			unknown = append(unknown, username)
		case answer.known:
			people[username] = answer.person
		}
	}
	return people, unknown
}

// keep keeps answers for a while: of these usernames there are these people and no others.
func (p *People) keep(usernames []string, people []Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.kept)+len(usernames)+len(people) > maxKept {
		clear(p.kept)
	}
	for _, username := range usernames {
		p.kept[username] = kept{until: now.Add(keepNobody)}
	}
	for _, person := range people {
		p.kept[person.Username] = kept{person, true, now.Add(keepFor)}
	}
}

// ask asks the host, in a goroutine of its own: the host may not heed ctx. After patience nobody waits any more, and for a while it isn't
// asked again. A failure that comes at once costs nothing, and pauses nothing.
func ask[T any](ctx context.Context, p *People, q *question, of func(context.Context) (T, error)) (answer T, err error) {
	if q.isPaused() {
		return answer, ErrLost
	}
	select {
	case p.under <- struct{}{}:
	default:
		return answer, ErrLost
	}
	type result struct {
		answer T
		err    error
	}
	began := time.Now()
	asked, cancel := context.WithTimeout(ctx, p.options.Patience)
	done := make(chan result, 1)
	go func() {
		defer func() { <-p.under }()
		var r result
		defer func() {
			if value := recover(); value != nil {
				r.err = fmt.Errorf("it panicked: %v", value)
			}
			done <- r
		}()
		r.answer, r.err = of(asked)
	}()
	defer cancel()
	var failed error
	select {
	case r := <-done:
		answer, failed = r.answer, r.err
	case <-asked.Done():
		failed = asked.Err()
	}
	switch {
	case failed == nil:
		return answer, nil
	case ctx.Err() != nil: // whoever asked has gone
		return *new(T), ErrLost
	}
	if time.Since(began) > p.options.Patience/4 {
		q.pauseFor(pause)
	}
	if q.mayLog() {
		p.options.Logger.Error("userlog: the application could not say who its users are", "question", q.name, "err", failed)
	}
	return *new(T), ErrLost
}

func (q *question) isPaused() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Now().Before(q.paused)
}

func (q *question) mayLog() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	may := time.Since(q.logged) > pause
	if may {
		q.logged = time.Now()
	}
	return may
}

func (q *question) pauseFor(d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.paused = time.Now().Add(d)
}
