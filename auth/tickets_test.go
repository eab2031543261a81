package auth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// newTickets are the tickets of one more process.
func (s *site) newTickets() *auth.Tickets {
	return auth.NewTickets(s.client, keys, auth.NewAccessCheck(s.sessions, s.tokens))
}

// ticket makes a ticket.
func (s *site) ticket(t *testing.T, a auth.Access, username string) string {
	t.Helper()
	secret, wait, err := s.newTickets().Make(t.Context(), a, username)
	if err != nil || wait > 0 {
		t.Fatalf("no ticket: wait %v, %v", wait, err)
	}
	return secret
}

// enter logs an account in, and returns the right that its session gives.
func (s *site) enter(t *testing.T, name string) (*browser, auth.Access) {
	t.Helper()
	b := s.browser()
	b.post(t, "/login/"+name)
	return b, s.access(t, b)
}

func TestATicketWorksOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		_, a := s.enter(t, "ada")
		secret := s.ticket(t, a, "grace")
		for _, key := range allKeys(t, client) {
			if strings.Contains(key, secret) {
				t.Errorf("the secret is in %s", key)
			}
		}
		var wg sync.WaitGroup
		let := make(chan auth.Access, 40)
		for range 4 {
			process := s.newTickets()
			for range 10 {
				wg.Go(func() {
					access, err := process.Use(t.Context(), secret, "grace")
					if err != nil {
						t.Error(err)
					}
					if access != (auth.Access{}) {
						let <- access
					}
				})
			}
		}
		wg.Wait()
		if len(let) != 1 || <-let != a {
			t.Errorf("%d uses too many got in", len(let))
		}
	})
}

func TestATicketIsBound(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		refused := func(what, secret, username string) {
			t.Helper()
			if access, err := s.newTickets().Use(t.Context(), secret, username); err != nil || access != (auth.Access{}) {
				t.Errorf("%s: %+v, %v", what, access, err)
			}
		}
		b, a := s.enter(t, "ada")
		secret := s.ticket(t, a, "grace")
		refused("another log", secret, "heidi")
		refused("after that, the right one", secret, "grace")
		refused("everyone's log", s.ticket(t, a, "grace"), "")
		refused("one log, with everyone's ticket", s.ticket(t, a, ""), "grace")
		refused("forged", flip(s.ticket(t, a, "grace")), "grace")
		refused("oversized", strings.Repeat("A", 1<<16), "grace")

		late := s.ticket(t, a, "grace")
		forward(t, client, auth.TicketLifetime+time.Second)
		refused("late", late, "grace")

		secret = s.ticket(t, a, "grace")
		b.post(t, "/logout")
		refused("after the logout", secret, "grace")

		_, a = s.enter(t, "ada")
		secret = s.ticket(t, a, "grace")
		if _, err := s.accounts.SetPassword(t.Context(), "ada", "another horse battery"); err != nil {
			t.Fatal(err)
		}
		refused("after a new password", secret, "grace")

		host := auth.Access{Account: "visitor", Role: auth.Viewer, Via: auth.ViaHost}
		if got, err := s.newTickets().Use(t.Context(), s.ticket(t, host, ""), ""); err != nil || got != host {
			t.Errorf("a host's login gets %+v, %v", got, err)
		}
	})
}

// A page needs a ticket for each connection, and nobody can fill Redis with them.
func TestTicketsAreLimited(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		made := 0
		for ; made < 1000; made++ {
			secret, wait, err := s.newTickets().Make(t.Context(), auth.Access{Account: "visitor", Role: auth.Viewer, Via: auth.ViaHost}, fmt.Sprint(made))
			if err != nil {
				t.Fatal(err)
			}
			if secret == "" {
				if wait <= 0 {
					t.Error("nothing says when to try again")
				}
				break
			}
		}
		if made < 100 || made > 500 {
			t.Errorf("%d tickets were made at once", made)
		}
	})
}
