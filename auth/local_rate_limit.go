package auth

import (
	"container/list"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
)

// maxLocalSubjects bounds the memory of [localRateLimit]: about 2 MB each.
const maxLocalSubjects = 10_000

// localRateLimit counts in this process, by the rule by which redis_rate counts in Redis. It knows a
// bounded number of subjects. A new one takes the place of the one that was counted longest ago.
type localRateLimit struct {
	max int

	mu       sync.Mutex
	subjects map[string]*list.Element // of *localSubject
	order    list.List                // the one counted longest ago first
}

// localSubject is one subject, and when all that was counted of it is forgotten.
type localSubject struct {
	name string
	free time.Time
}

func newLocalRateLimit(limit int) *localRateLimit {
	return &localRateLimit{max: limit, subjects: map[string]*list.Element{}}
}

// count counts once and returns 0. Where there was too much it returns how long to wait.
func (l *localRateLimit) count(name string, limit redis_rate.Limit, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.subject(name)
	if s.free.Before(now) {
		s.free = now
	}
	interval := limit.Period / time.Duration(limit.Rate)
	free := s.free.Add(interval)
	if wait := free.Sub(now) - time.Duration(limit.Burst)*interval; wait > 0 {
		return wait
	}
	s.free = free
	return 0
}

// forget forgets the count of a subject.
func (l *localRateLimit) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.subjects[name]; ok {
		l.drop(known)
	}
}

// subject returns the subject of that name, which is now the one counted last.
func (l *localRateLimit) subject(name string) *localSubject {
	if known, ok := l.subjects[name]; ok {
		l.order.MoveToBack(known)
		return known.Value.(*localSubject)
	}
	if len(l.subjects) >= l.max {
		l.drop(l.order.Front())
	}
	s := &localSubject{name: name}
	l.subjects[name] = l.order.PushBack(s)
	return s
}

func (l *localRateLimit) drop(known *list.Element) {
	delete(l.subjects, l.order.Remove(known).(*localSubject).name)
}
