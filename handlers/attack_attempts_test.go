package handlers_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// What strangers try, in whatever form, is not among what accounts did.
func TestStrangersWriteToARingOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.viewer("vera")
	b.logIn(base, "vera", "wrong horse battery", "")
	s.stranger().logIn(base, "nobody", "wrong horse battery", "")
	s.stranger().post(base+"/password", form("username", "vera", "code", "wrong", "password", password))
	b.post(base+"/account/password", form("current", "wrong horse battery", "password", password))
	var rings []string
	for _, r := range s.records() {
		rings = append(rings, string(r.Action)+r.Ring)
	}
	slices.Sort(rings)
	want := []string{"login", "login-failedattempts", "login-failedattempts", "login-failedattempts", "login-failedattempts"}
	if !slices.Equal(rings, want) {
		t.Errorf("got %q, want %q", rings, want)
	}
	if report, err := s.auditLog().Verify(t.Context(), audit.Checkpoint{}); err != nil || !report.OK() || report.Attempts != 4 {
		t.Errorf("verified as %+v, %v", report, err)
	}
}

// A network of 256 networks has the allowance of a few people.
func TestAttemptsFromManyNetworks(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{TrustedProxies: testProxy})
	for n := range 3 * auth.AttemptsBySite {
		s.tryLogin(fmt.Sprintf("2001:db8:0:%x::%x", n%256, n), fmt.Sprint(n), "wrong horse battery")
	}
	// In a minute as many are added; the test takes less.
	if got := len(s.records()); got > 2*auth.AttemptsBySite {
		t.Errorf("%d attempts are recorded", got)
	}
}
