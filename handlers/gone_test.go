package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Whose log has expired is no stranger: all that tell of users say when she was there, and a page that is open is told.
func TestExpiredLogsAreNotStrangers(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, handlers.Options{UserExists: adaAndBob})
	b := s.superuser()
	at := time.Now().Add(-2 * time.Hour).UTC()
	for _, username := range []string{"ada", "eve"} { // the site no longer knows eve
		if err := client.ZAdd(t.Context(), s.logs.KeyPrefix()+"users", redis.Z{Score: float64(at.UnixMilli()), Member: username}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	const said = "was here until"
	for _, path := range []string{"/static?username=ada", "/static?username=eve", "/live?username=eve", "/users?q=ada", "/users?q=Eve"} {
		a := b.get(base + path)
		if got := a.find("relative-time").AttrOr("datetime", ""); !strings.Contains(a.body, said) || !strings.HasPrefix(got, at.Format("2006-01-02T15:04:05")) {
			t.Errorf("%s: %q, %s", path, got, a.body)
		}
	}
	if bob := b.get(base + "/static?username=bob"); strings.Contains(bob.body, said) {
		t.Errorf("bob: %s", bob.body)
	}
	program := s.stranger().get(base+"/api/log?username=Ada", "Authorization", "Bearer "+s.token(root))
	if !strings.Contains(program.body, `"gone":"`+at.Format("2006-01-02T15:04:05")) || !strings.Contains(program.body, `"username":"ada"`) {
		t.Errorf("the API: %s", program.body)
	}

	// A refresh that says that nothing has changed would leave the page as it was.
	etag := b.get(base + "/static?username=ada").Header.Get("ETag")
	if err := client.Del(t.Context(), s.logs.KeyPrefix()+"users").Err(); err != nil {
		t.Fatal(err)
	}
	if after := b.get(base + "/static?username=ada").Header.Get("ETag"); after == etag {
		t.Error("a stranger and an expired log have one ETag")
	}
}
