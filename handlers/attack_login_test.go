package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
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
	t.Parallel()
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

// flood is how many logins are tried at once.
const flood = 1_000

// A thousand logins at once are a few that are checked and many that are put off, and others log in
// meanwhile. That few hashes are computed at once, which bounds the memory, is a test of package auth.
func TestAFloodOfLogins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what     string
		name     func(int) string
		attempts int // at once; then as many a minute
	}{
		{"for one account", func(int) string { return root }, auth.AttemptsPerPair},
		{"for many accounts", func(n int) string { return "name" + strconv.Itoa(n) }, auth.AttemptsByAddress},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{TrustedProxies: testProxy})
			s.createSuperuser()
			s.create("vera", auth.Viewer)
			begun := time.Now()
			statuses, others := s.floodLogins(c.name, "vera", root)
			total := 0
			for _, n := range statuses {
				total += n
			}
			// Where Redis can't be asked in time, as on a busy machine, the answer is 503, or the process counts by itself: so
			// twice as many are allowed. What was allowed meanwhile grows with the time that the flood took.
			checked, late := statuses[http.StatusUnprocessableEntity], statuses[http.StatusServiceUnavailable]
			allowed := 2 * (c.attempts + 1 + int(time.Since(begun)*time.Duration(c.attempts)/auth.ThrottleWindow))
			if total < flood || checked+late+statuses[http.StatusTooManyRequests] != total || checked > allowed {
				t.Errorf("answers: %v; want at most %d with 422, and none but those, 429 and 503", statuses, allowed)
			}
			for account, got := range others {
				if slices.Contains(got, http.StatusTooManyRequests) {
					t.Errorf("%s, from elsewhere, got %v meanwhile", account, got)
				}
			}
		})
	}
}

// floodLogins tries wrong passwords, all at once and from one address, and some again and again until the
// others have logged in, each try from another address. It counts the answers to the flood, and returns
// those to each of the others.
func (s *site) floodLogins(name func(int) string, others ...string) (statuses map[int]int, got map[string][]int) {
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
	for n, account := range others {
		logins.Go(func() {
			var answers []int
			for status := 0; status != http.StatusSeeOther && status != http.StatusTooManyRequests; {
				status = s.tryLogin(fmt.Sprintf("198.51.%d.%d", 100+n, len(answers)), account, password)
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

// testProxy is where the requests of [site.tryLogin] come from.
var testProxy = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}

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
