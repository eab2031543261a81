package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"runtime/metrics"
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

// A thousand logins at once are a few that are checked and many that are put off; neither memory
// nor somebody else's login suffers.
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
			statuses := s.floodLogins(c.name)
			rose := peak()
			t.Logf("the heap rose by %d MiB; answers: %v", rose>>20, statuses)
			if rose > floodMemory {
				t.Errorf("the heap rose by %d MiB", rose>>20)
			}
			// On a busy machine Redis can't always be asked in time: those are answered 503.
			checked, late := statuses[http.StatusUnprocessableEntity], statuses[http.StatusServiceUnavailable]
			allowed := c.attempts + 1 + int(time.Since(begun)*time.Duration(c.attempts)/auth.ThrottleWindow)
			if checked+late+statuses[http.StatusTooManyRequests] != flood || checked+late < auth.AttemptsPerPair || checked > allowed || late > flood/4 {
				t.Errorf("answers: %v; want at most %d with 422, and hardly any but those and 429", statuses, allowed)
			}
			begun = time.Now()
			for _, account := range []string{"vera", root} {
				if status := s.tryLogin("203.0.113.7", account, password); status != http.StatusSeeOther {
					t.Errorf("%s, from elsewhere, gets %d", account, status)
				}
			}
			t.Logf("two others logged in within %v", time.Since(begun))
		})
	}
}

// floodLogins tries wrong passwords, all at once and from one address, and counts the answers.
func (s *site) floodLogins(name func(int) string) map[int]int {
	var mu sync.Mutex
	statuses := make(map[int]int)
	var attempts sync.WaitGroup
	for n := range flood {
		attempts.Go(func() {
			status := s.tryLogin("203.0.113.66", name(n), "wrong horse battery")
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	attempts.Wait()
	return statuses
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
