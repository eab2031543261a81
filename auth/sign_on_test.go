package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// signOnAs adds a login of a person whom a provider has let in.
func (s *site) signOnAs(path string, who auth.SignedOn) {
	s.POST(path, func(c *gin.Context) { answer(c, "", s.sessions.LogInElsewhere(c, who, "192.0.2.1")) })
}

// A session about which nobody has asked the provider for minutes allows nothing, until somebody has. It is listed all the time, so that it can
// be ended.
func TestASessionOfAProviderThatNobodyAsksAbout(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.signOnAs("/sign-on", auth.SignedOn{Name: "vera", Subject: "1", Role: auth.Viewer, Sealed: "sealed"})
		b := s.browser()
		b.post(t, "/sign-on")
		access := s.access(t, b)
		check := auth.NewAccessCheck(s.sessions, s.tokens)
		allows := func(want bool) {
			t.Helper()
			ended, err := check.Ended(t.Context(), []auth.Access{access})
			if err != nil || (len(ended) == 0) != want {
				t.Errorf("ended %+v, %v", ended, err)
			}
			if listed, err := s.sessions.List(t.Context(), "vera"); err != nil || len(listed) != 1 {
				t.Errorf("listed %+v, %v", listed, err)
			}
		}
		allows(true)
		s.later(t, auth.SignOnPatience)
		allows(true)
		s.later(t, 2*time.Minute)
		allows(false)
		asked, err := s.sessions.SignOns().Reserve(t.Context(), access.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := asked.Keep(t.Context(), auth.Viewer, "sealed"); err != nil {
			t.Fatal(err)
		}
		allows(true)
	})
}

// A name becomes free 90 days after its last login, however often somebody else has tried to log in with it.
func TestOthersDoNotKeepANameTaken(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		claim := func(subject string, want error) {
			t.Helper()
			if err := s.sessions.ClaimName(t.Context(), auth.SignedOn{Name: "bob", Subject: subject}); !errors.Is(err, want) {
				t.Errorf("person %s: %v", subject, err)
			}
		}
		const day = 24 * time.Hour
		claim("1", nil)
		s.later(t, 60*day)
		claim("2", auth.ErrSubject)
		claim("1", nil)
		s.later(t, 60*day)
		claim("2", auth.ErrSubject)
		s.later(t, 31*day)
		claim("2", nil)
		claim("1", auth.ErrSubject)
	})
}
