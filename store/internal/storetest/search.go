package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/keys"
)

var search = []test{
	{"SuggestFindsNamesWithoutCaseAndAccents", testSuggestFindsNamesWithoutCaseAndAccents},
	{"ExpiredNamesDoNotHideOthers", testExpiredNamesDoNotHideOthers},
	{"WhoIsInTrouble", testWhoIsInTrouble},
	{"SuggestInParts", inParts(testSuggestFindsNamesWithoutCaseAndAccents)},
	{"ExpiredNamesInParts", inParts(testExpiredNamesDoNotHideOthers)},
	{"WhoIsInTroubleInParts", inParts(testWhoIsInTrouble)},
}

// inParts has a test run where the user index is spread over some parts.
func inParts(run func(*testing.T, Connect)) func(*testing.T, Connect) {
	return func(t *testing.T, connect Connect) {
		run(t, func(t *testing.T) *redis.Client {
			client := connect(t)
			if err := client.Set(t.Context(), KeysOf(store.DefaultKeyPrefix).Layout(), "5", 0).Err(); err != nil {
				t.Fatal(err)
			}
			return client
		})
	}
}

// indexOf spells the keys of a store's user index.
func indexOf(t *testing.T, logs *store.Store) keys.Index {
	t.Helper()
	parts, err := logs.IndexParts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return Keys(logs).Index(parts)
}

// suggested are the usernames that Suggest returns, with spaces between them.
func suggested(t *testing.T, logs *store.Store, prefix string, limit int) string {
	t.Helper()
	found, err := logs.Suggest(t.Context(), prefix, limit)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(found))
	for i, seen := range found {
		names[i] = seen.Username
		if age := time.Since(seen.At); age < -time.Second || age > time.Minute {
			t.Errorf("%s was seen %v ago", seen.Username, age)
		}
	}
	return strings.Join(names, " ")
}

func testSuggestFindsNamesWithoutCaseAndAccents(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for n, name := range strings.Fields("José jose JOSEPH Josef Łukasz Ωρίων Øyvind straße ada") {
		logs.Record(Entry(name, n))
	}
	Written(t, logs)
	for _, test := range []struct{ prefix, want string }{
		{"jos", "José jose Josef JOSEPH"},
		{"JOSE", "José jose Josef JOSEPH"},
		{"jose", "jose José Josef JOSEPH"}, // exactly this name first
		{"José", "José jose Josef JOSEPH"},
		{"joséph", "JOSEPH"},
		{"lukas", "Łukasz"},
		{"ΩΡΊ", "Ωρίων"},
		{"ωρι", "Ωρίων"},
		{"oyv", "Øyvind"},
		{"STRASS", "straße"},
		{"z", ""},
		{"*", ""},
	} {
		if got := suggested(t, logs, test.prefix, 20); got != test.want {
			t.Errorf("%q: got %s, want %s", test.prefix, got, test.want)
		}
	}
	if got := suggested(t, logs, "jose", 1); got != "jose" {
		t.Errorf("one only: got %s", got)
	}
	if got := suggested(t, logs, "a", 0); got != "" {
		t.Errorf("none at all: got %s", got)
	}
	if got := len(strings.Fields(suggested(t, logs, "\u0301", 20))); got != 9 {
		t.Errorf("a prefix of an accent only: %d names, want all that were seen last", got)
	}
}

func testExpiredNamesDoNotHideOthers(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{})
	logs.Record(Entry("user-9999", 1))
	logs.Record(Entry("user-0000", 1))
	Written(t, logs)
	// What nobody has removed yet, as many as the writer removes in a while.
	long := float64(time.Now().Add(-2 * time.Hour).UnixMilli())
	pipe, index := client.Pipeline(), indexOf(t, logs)
	for n := range 1500 {
		name := fmt.Sprintf("user-%04d", n+1)
		part := index.Part(name)
		pipe.ZAdd(ctx, index.Users(part), redis.Z{Score: long, Member: name})
		pipe.ZAdd(ctx, index.Names(part), redis.Z{Member: name + "\x00" + name})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if got := suggested(t, logs, "user-", 5); got != "user-0000 user-9999" {
		t.Errorf("got %s", got)
	}
	if got := suggested(t, logs, "user-0001", 5); got != "" {
		t.Errorf("an expired name is suggested: %s", got)
	}
}

func testWhoIsInTrouble(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{})
	start := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	for n, e := range []store.Entry{
		{Username: "ada", Path: "/pay", Code: 422, Kind: store.KindPage},
		{Username: "ada", Path: "/thanks", Code: 200, Kind: store.KindPage},
		{Username: "bob", Path: "/x", Code: 503},
		{Username: "cleo", Path: "/favicon.ico?v=1", Code: 404},
		{Username: "cleo", Path: "/logo", Code: 404, Kind: store.KindAsset},
		{Username: "dan", Path: "/", Code: 302},
		{Username: "eve", Method: "POST", Path: "/pay", Code: 500, Kind: store.KindSocket},
		{Username: "fay", Method: "GET", Path: "/events", Code: 500, Kind: store.KindSocket},
	} {
		e.Time = start.Add(time.Duration(n) * time.Second)
		logs.Record(e)
	}
	Written(t, logs)
	want := []store.Trouble{
		{Username: "eve", At: start.Add(6 * time.Second).UTC(), Code: 500},
		{Username: "bob", At: start.Add(2 * time.Second).UTC(), Code: 503},
		{Username: "ada", At: start.UTC(), Code: 422},
	}
	got, err := logs.InTrouble(ctx, 10)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	if got, err := logs.InTrouble(ctx, 1); err != nil || len(got) != 1 {
		t.Errorf("one only: %v, %v", got, err)
	}
	index := indexOf(t, logs)
	if ttl := client.PTTL(ctx, index.Trouble(index.Part("bob"))).Val(); ttl <= 0 || ttl > time.Hour {
		t.Errorf("it expires in %v", ttl)
	}
	client.ZAdd(ctx, index.Trouble(index.Part("bob")), redis.Z{Score: float64(start.Add(-time.Hour).UnixMilli()), Member: "bob"})
	if got, err := logs.InTrouble(ctx, 10); err != nil || len(got) != 2 || got[0].Username != "eve" || got[1].Username != "ada" {
		t.Errorf("after bob's log has expired: %v, %v", got, err)
	}
}
