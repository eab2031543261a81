package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A password that nobody has costs no hash, and no memory.
func TestHugePasswords(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	for length, want := range map[int]int{
		auth.MaxPassword + 1: http.StatusUnprocessableEntity, 60_000: http.StatusUnprocessableEntity, 1 << 20: http.StatusRequestEntityTooLarge,
	} {
		b := s.stranger()
		if a := b.logIn(base, root, strings.Repeat("x", length), ""); a.StatusCode != want || b.session() != "" {
			t.Errorf("a password of %d bytes: %d, want %d", length, a.StatusCode, want)
		}
	}
}

// Limits of what a flood of logins may do.
const (
	flood       = 1_000
	floodMemory = 128 << 20 // bytes of heap
)

// A thousand logins at once are a few that are checked and many that are put off. Memory doesn't suffer, and
// others log in meanwhile.
func TestAFloodOfLogins(t *testing.T) {
	for _, c := range []struct {
		what     string
		name     func(int) string
		attempts int // at once; then as many a minute
	}{
		{"for one account", func(int) string { return root }, auth.AttemptsPerPair},
		{"for many accounts", func(n int) string { return "name" + strconv.Itoa(n) }, auth.AttemptsByAddress},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}})
			s.createSuperuser()
			s.create("vera", auth.Viewer)
			begun, peak := time.Now(), watchHeap(t)
			statuses, others := s.floodLogins(c.name, map[string]string{"203.0.113.7": "vera", "203.0.113.8": root})
			rose := peak()
			t.Logf("the heap rose by %d MiB; answers: %v", rose>>20, statuses)
			if rose > floodMemory {
				t.Errorf("the heap rose by %d MiB", rose>>20)
			}
			total := 0
			for _, n := range statuses {
				total += n
			}
			// On a busy machine Redis can't always be asked in time: those are answered 503.
			checked, late := statuses[http.StatusUnprocessableEntity], statuses[http.StatusServiceUnavailable]
			allowed := c.attempts + 1 + int(time.Since(begun)*time.Duration(c.attempts)/auth.ThrottleWindow)
			if total < flood || checked+late+statuses[http.StatusTooManyRequests] != total || checked+late < auth.AttemptsPerPair || checked > allowed || late > total/4 {
				t.Errorf("answers: %v; want at most %d with 422, and hardly any but those and 429", statuses, allowed)
			}
			for account, got := range others {
				if last := got[len(got)-1]; last != http.StatusSeeOther || slices.Contains(got, http.StatusTooManyRequests) {
					t.Errorf("%s, from elsewhere, got %v meanwhile", account, got)
				}
			}
		})
	}
}

// floodLogins tries wrong passwords, all at once and from one address, and some again and again until the
// others, who are named by their address, have logged in or tried as often as they may. It counts the
// answers to the flood, and returns those to each of the others.
func (s *site) floodLogins(name func(int) string, others map[string]string) (statuses map[int]int, got map[string][]int) {
	const persistent = 2
	var mu sync.Mutex
	statuses, got = make(map[int]int), make(map[string][]int)
	begun, in := make(chan struct{}), make(chan struct{})
	haveBegun := sync.OnceFunc(func() { close(begun) })
	isOver := func() bool {
		select {
		case <-in:
			return true
		default:
			return false
		}
	}
	var attempts, logins sync.WaitGroup
	for n := range flood {
		attempts.Go(func() {
			for again := true; again; again = n < persistent && !isOver() {
				status := s.tryLogin("203.0.113.66", name(n), "wrong horse battery")
				haveBegun()
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	<-begun
	for address, account := range others {
		logins.Go(func() {
			var answers []int
			for status := 0; status != http.StatusSeeOther && len(answers) < auth.AttemptsPerPair; {
				status = s.tryLogin(address, account, password)
				answers = append(answers, status)
			}
			mu.Lock()
			defer mu.Unlock()
			got[account] = answers
		})
	}
	logins.Wait()
	close(in)
	attempts.Wait()
	return statuses, got
}

// tryLogin sends the login form from an address, behind the proxy, and returns the answer's status. It
// calls the handler without a connection, whose memory would be the test's own.
func (s *site) tryLogin(address, name, password string) int {
	form := url.Values{"username": {name}, "password": {password}}
	r := httptest.NewRequest(http.MethodPost, base+"/login", strings.NewReader(form.Encode()))
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("X-Forwarded-For", address)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w.Code
}

// watchHeap samples the heap until the returned function is called, which returns by how much it was
// larger than now at most, in bytes.
func watchHeap(t *testing.T) (rose func() uint64) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	heap := func() uint64 { // runtime.ReadMemStats would stop everything, each time
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before := heap()
	peak := before
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				peak = max(peak, heap())
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return peak - before
	}
}
