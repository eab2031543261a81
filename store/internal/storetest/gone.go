package storetest

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func testWhoIsGone(t *testing.T, connect Connect) { WhoIsGone(t, connect(t)) }

// WhoIsGone has users remembered whose logs have expired, whether or not an application has removed them from the index yet, and
// forgotten after a day.
func WhoIsGone(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	logs := Open(t, client, store.Options{})
	index, now := indexOf(t, logs), time.Now()
	was := map[string]time.Time{
		"ada@example.com": now.Add(-2 * time.Hour), "bob": now.Add(-23 * time.Hour), "eve": now.Add(-25 * time.Hour), "here": now,
	}
	for name, at := range was {
		if err := client.ZAdd(t.Context(), index.Users(index.Part(name)), redis.Z{Score: float64(at.UnixMilli()), Member: name}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	isGone := func() {
		t.Helper()
		for typed, name := range map[string]string{
			"ada@example.com": "ada@example.com", " Ada@Example.com ": "ada@example.com", "bob": "bob", "eve": "", "here": "", "nobody": "", "": "", "\x00": "",
		} {
			user, ok, err := logs.Gone(t.Context(), typed)
			if err != nil || ok != (name != "") || user.Username != name || ok && user.At.UnixMilli() != was[name].UnixMilli() {
				t.Errorf("%q: %+v, %v, %v", typed, user, ok, err)
			}
		}
	}
	isGone()
	Record(logs, "others", 0, 1) // the application looks whom it can remove from the index
	redistest.Eventually(t, "who is gone has left the users", func() bool {
		return client.ZScore(t.Context(), index.Users(index.Part("bob")), "bob").Err() != nil
	})
	redistest.Eventually(t, "who was there too long ago is forgotten", func() bool {
		gone := index.Gone(index.Part("eve"))
		return client.ZScore(t.Context(), gone, "eve").Err() != nil
	})
	isGone()
	if left := client.PTTL(t.Context(), index.Gone(index.Part("bob"))).Val(); left <= 23*time.Hour || left > 24*time.Hour {
		t.Errorf("who is gone is remembered for %s", left)
	}
	if found := searched(t, logs, "example", 10); found != "" {
		t.Errorf("the search finds %q", found)
	}
	unmindful := Open(t, client, store.Options{Remember: -1})
	if user, ok, err := unmindful.Gone(t.Context(), "bob"); ok || err != nil {
		t.Errorf("without memory: %v, %v", user, err)
	}
}
