package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/keys"
)

var search = []test{
	{"SearchFindsNamesWithoutCaseAndAccents", testSearchFindsNamesWithoutCaseAndAccents},
	{"WhatIsPastedFindsTheName", testWhatIsPastedFindsTheName},
	{"WhoIsThereComesFirst", testWhoIsThereComesFirst},
	{"WhoIsMeant", testWhoIsMeant},
	{"ExpiredNamesDoNotHideOthers", testExpiredNamesDoNotHideOthers},
	{"NamesThatNobodyCanHave", testNamesThatNobodyCanHave},
	{"WhoIsInTrouble", testWhoIsInTrouble},
	{"WhoIsGone", testWhoIsGone},
	{"WhoIsGoneInParts", inParts(testWhoIsGone)},
	{"SearchInParts", inParts(testSearchFindsNamesWithoutCaseAndAccents)},
	{"WhoIsThereComesFirstInParts", inParts(testWhoIsThereComesFirst)},
	{"WhoIsMeantInParts", inParts(testWhoIsMeant)},
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

// searchedOnceRead is what a search finds when names have been read.
func searchedOnceRead(t *testing.T, logs *store.Store, typed string, limit int) store.Found {
	t.Helper()
	var found store.Found
	redistest.Eventually(t, "names have been read", func() (read bool) {
		var err error
		if found, err = logs.Search(t.Context(), typed, limit); err != nil {
			t.Fatal(err)
		}
		return !found.Unread
	})
	return found
}

// searched are the usernames of searchedOnceRead, with spaces between them.
func searched(t *testing.T, logs *store.Store, typed string, limit int) string {
	t.Helper()
	found := searchedOnceRead(t, logs, typed, limit)
	names := make([]string, len(found.Users))
	for i, seen := range found.Users {
		names[i] = seen.Username
		if age := time.Since(seen.At); age < -time.Second || age > time.Minute {
			t.Errorf("%s was seen %v ago", seen.Username, age)
		}
	}
	return strings.Join(names, " ")
}

func testSearchFindsNamesWithoutCaseAndAccents(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for n, name := range strings.Fields("José jose JOSEPH Josef Łukasz Ωρίων Øyvind straße ada") {
		logs.Record(Entry(name, n))
	}
	Written(t, logs)
	for _, test := range []struct{ typed, want string }{
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
		{"sef", "Josef"},                     // what contains it
		{"rion", ""},                         // of another script
		{"josepf", "Josef JOSEPH jose José"}, // near names, where nothing fits
		{"q", ""},
		{"*", ""},
	} {
		if got := searched(t, logs, test.typed, 20); got != test.want {
			t.Errorf("%q: got %s, want %s", test.typed, got, test.want)
		}
	}
	if got := searched(t, logs, "jose", 1); got != "jose" {
		t.Errorf("one only: got %s", got)
	}
	if got := searched(t, logs, "a", 0); got != "" {
		t.Errorf("none at all: got %s", got)
	}
	if got := len(strings.Fields(searched(t, logs, "\u0301", 20))); got != 9 {
		t.Errorf("a prefix of an accent only: %d names, want all that were seen last", got)
	}
}

func testWhatIsPastedFindsTheName(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for n, name := range []string{"ada@example.com", "ada+test@example.com", "o'neil", "josé", "Anna-Lena", "kathrin"} {
		logs.Record(Entry(name, n))
	}
	Written(t, logs)
	for typed, want := range map[string]string{
		" ada@example.com ":                      "ada@example.com",
		"\u00a0ada@example.com\u200b":            "ada@example.com",
		"a\u00adda@example.com":                  "ada@example.com",
		"mailto:ada@example.com":                 "ada@example.com",
		"MAILTO:ada%40example.com?subject=Help":  "ada@example.com",
		"<ada@example.com>":                      "ada@example.com",
		"Ada Lovelace <mailto:ada@example.com>.": "ada@example.com",
		"\u201cADA@example.com\u201d,":           "ada@example.com",
		"ada test@example.com":                   "ada+test@example.com",
		"o\u2019neil":                            "o'neil",
		"JOSE\u0301":                             "josé",
		"anna\u2010lena":                         "Anna-Lena",
		"cathrin":                                "kathrin",
		"kathrn":                                 "kathrin",
		"+test":                                  "ada+test@example.com",
		"example.com":                            "ada+test@example.com ada@example.com",
	} {
		if got := searched(t, logs, typed, 5); got != want {
			t.Errorf("%q: got %s, want %s", typed, got, want)
		}
	}
	for typed, near := range map[string]bool{"kath": false, "cathrin": true, "nobody at all": false} {
		if found := searchedOnceRead(t, logs, typed, 5); found.Near != near {
			t.Errorf("%q: %+v", typed, found)
		}
	}
}

func testWhoIsThereComesFirst(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for n, name := range strings.Fields("anna anna.b joanna anna.gone lee.anna") {
		logs.Record(Entry(name, n))
	}
	Written(t, logs)
	index := indexOf(t, logs)
	for _, name := range []string{"anna", "anna.gone"} {
		ago := float64(time.Now().Add(-20 * time.Minute).UnixMilli())
		if err := client.ZAdd(t.Context(), index.Users(index.Part(name)), redis.Z{Score: ago, Member: name}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]string{9: "anna anna.b lee.anna joanna anna.gone", 3: "anna anna.b lee.anna"} {
		found := searchedOnceRead(t, logs, "anna", limit)
		var names []string
		for _, user := range found.Users {
			names = append(names, user.Username)
		}
		if got := strings.Join(names, " "); got != want || found.More != (limit == 3) {
			t.Errorf("%d: got %s, more: %v, want %s", limit, got, found.More, want)
		}
	}
}

func testWhoIsMeant(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for n, name := range []string{"ada", "Bob", "bOB", "eve ", "eve", "josé", "ann+x@example.com", "kathrin", "Ωρίων"} {
		logs.Record(Entry(name, n))
	}
	Written(t, logs)
	for _, test := range []struct{ typed, want string }{
		{"ada", "ada"},
		{"ADA", "ada"},
		{" Ada. ", "ada"},
		{"mailto:ada", "ada"},
		{"ΩΡΊΩΝ", "Ωρίων"},
		{"JOSE\u0301", "josé"}, // the accent is a character of its own
		{"ann x@example.com", "ann+x@example.com"},
		{"Ann X@example.com", "ann+x@example.com"},
		{"eve ", "eve "}, // exactly this one, although there is another
		{"eve", "eve"},
		{"Bob", "Bob"},
		{"bob", ""}, // either
		{" eve  ", "eve"},
		{"EVE", "eve"},
		{"jose", ""},    // an accent is a difference
		{"cathrin", ""}, // near
		{"kathri", ""},  // a beginning
		{"nobody", ""},
		{"", ""},
		{"\x00", ""},
		{"ada\n", "ada"},
	} {
		got, ok, err := logs.Resolve(t.Context(), test.typed)
		if want := test.want; err != nil || ok != (want != "") || ok && got != want || !ok && got != test.typed {
			t.Errorf("%q: got %q, %v, %v, want %q", test.typed, got, ok, err, want)
		}
	}
}

func testExpiredNamesDoNotHideOthers(t *testing.T, connect Connect) {
	client := connect(t)
	ctx := t.Context()
	logs := Open(t, client, store.Options{})
	logs.Record(Entry("user-9999", 1))
	logs.Record(Entry("user-0000", 1))
	Written(t, logs)
	// These are names that nobody has removed yet, as many as the writer removes in a while.
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
	if got := searched(t, logs, "user-", 5); got != "user-0000 user-9999" {
		t.Errorf("got %s", got)
	}
	if got := searched(t, logs, "user-0001", 5); got != "" {
		t.Errorf("an expired name is suggested: %s", got)
	}
}

// A text that another program has put into the index, and that is no username, is in no list. Nobody could open its log, and it may be of any length.
func testNamesThatNobodyCanHave(t *testing.T, connect Connect) {
	ctx, client := t.Context(), connect(t)
	logs := Open(t, client, store.Options{})
	Record(logs, "ada", 0, 1)
	Written(t, logs)
	index, now := indexOf(t, logs), float64(time.Now().UnixMilli())
	for _, name := range []string{"", "ada\x1b[2J", "ada\n", "ada\xff", "ada" + strings.Repeat("x", store.MaxUsername)} {
		client.ZAdd(ctx, index.Users(0), redis.Z{Score: now, Member: name})
		client.ZAdd(ctx, index.Trouble(0), redis.Z{Score: now, Member: name})
		client.ZAdd(ctx, index.Names(0), redis.Z{Member: name + "\x00" + name})
	}
	client.ZAdd(ctx, index.Trouble(0), redis.Z{Score: now, Member: "ada"})
	if got := searched(t, logs, "ada", 10); got != "ada" {
		t.Errorf("the search finds %q", got)
	}
	if seen, err := logs.LastSeen(ctx, 10); err != nil || len(seen) != 1 {
		t.Errorf("seen: %q, %v", seen, err)
	}
	if trouble, err := logs.InTrouble(ctx, 10); err != nil || len(trouble) != 1 {
		t.Errorf("in trouble: %v, %v", trouble, err)
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
