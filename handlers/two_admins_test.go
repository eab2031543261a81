package handlers_test

import (
	"net/http"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Two admins on one host, each with a Redis of its own: a browser can be logged in to both, and a logout
// from one is none from the other.
func TestTwoAdminsOnOneHost(t *testing.T) {
	t.Parallel()
	for what, second := range map[string]func(*site) *site{
		"at two ports": func(*site) *site { return newSite(t, redistest.Start(t).Client(t), handlers.Options{}) },
		"at two paths": func(first *site) *site {
			other := newSite(t, redistest.Start(t).Client(t), handlers.Options{}, "/support/log")
			other.admin.Mount(first.engine.Group("/support/log"))
			return other
		},
	} {
		t.Run(what, func(t *testing.T) {
			first := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
			other := second(first)
			first.createSuperuser()
			other.createSuperuser()
			here := first.stranger()
			there := &browser{t: t, site: first, host: first.host(), jar: here.jar, http: here.http}
			if other.base == first.base {
				there.site, there.host = other, other.host()
			}
			for _, b := range []struct {
				*browser
				base string
			}{{here, first.base}, {there, other.base}} {
				if a := b.logIn(b.base, root, password, ""); a.StatusCode != http.StatusSeeOther {
					t.Fatalf("login at %s: %d", b.base, a.StatusCode)
				}
			}
			if a := here.get(first.base + "/"); a.StatusCode != http.StatusOK {
				t.Errorf("after the login at the second, the first answers %d", a.StatusCode)
			}
			there.post(other.base+"/logout", nil)
			if a := here.get(first.base + "/"); a.StatusCode != http.StatusOK {
				t.Errorf("after the logout from the second, the first answers %d", a.StatusCode)
			}
			if a := there.get(other.base + "/"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("after the logout from the second, it answers %d", a.StatusCode)
			}
		})
	}
}
