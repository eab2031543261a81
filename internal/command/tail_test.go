//go:build unix

package command_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// record has an application record a request of a user.
func record(logs *store.Store, username, path string) {
	logs.Record(store.Entry{
		Username: username, Method: "GET", Path: path, Code: 200,
		Duration: 12345 * time.Microsecond,
	})
}

func TestTail(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	record(logs, "ada", "/first")
	record(logs, "ada", "/second")
	awaitWritten(t, logs, 2)

	r := start(t, nil, "tail", "ada", "--redis", server.URL)
	r.out.await(t, "/second")
	record(logs, "al*", "/not-hers")
	record(logs, "ada", "/live")
	r.out.await(t, "/live")
	want := "hh:mm:ss  Read (GET)      /first  Success (200)  12.3ms\n" +
		"hh:mm:ss  Read (GET)      /second  Success (200)  12.3ms\n" +
		"hh:mm:ss  Read (GET)      /live  Success (200)  12.3ms\n"
	got := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `).ReplaceAllString(r.out.String(), "hh:mm:ss ")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if r.err.String() != "" {
		t.Errorf("standard error %q", r.err)
	}
}

func TestTailAll(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	r := start(t, nil, "tail", "--all", "--redis", server.URL)
	record(logs, "ada", "/one")
	r.out.await(t, `(?m)^\d\d:\d\d:\d\d  ada           Read \(GET\)      /one  Success \(200\)  12\.3ms\n`)
	record(logs, "evil\u202e", "/two\x1b[2J\u202e<b>é")
	r.out.await(t, `  evil\[U\+202E\] \(not the name evil\) +Read \(GET\)      /two\\x1b\[2J\\u202e<b>é  Success \(200\)  `)
	if strings.ContainsAny(r.out.String(), "\x1b\u202e\u009b") {
		t.Errorf("raw control characters in %q", r.out)
	}
}

func TestTailOfNobodySaysThatItWaits(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	one := start(t, nil, "tail", "no\u202esuch", "--redis", server.URL)
	one.err.await(t, `^No logs for no\[U\+202E\]such \(not the name nosuch\) yet\. Waiting\.\n$`)
	all := start(t, nil, "tail", "--all", "--redis", server.URL)
	all.err.await(t, `^No logs yet\. Waiting\.\n$`)
	record(logs, "no\u202esuch", "/first")
	one.out.await(t, "/first")
	all.out.await(t, "/first")
	if strings.Count(one.err.String()+all.err.String(), "Waiting") != 2 {
		t.Errorf("standard error %q and %q", one.err, all.err)
	}
}

// A slip finds the log where only case and the like differ. Where a letter does, names are offered, and nothing is shown.
func TestTailTakesANameAsItIsPasted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	record(logs, "kathrin@example.com", "/hers")
	record(logs, "katrin", "/another")
	awaitWritten(t, logs, 2)
	pasted := start(t, nil, "tail", "<Kathrin@Example.com>", "--redis", server.URL)
	pasted.out.await(t, "/hers")
	if got := pasted.err.String(); got != "This is the log of kathrin@example.com.\n" {
		t.Errorf("standard error %q", got)
	}
	misheard := start(t, nil, "tail", "cathrin", "--redis", server.URL)
	misheard.err.await(t, `^No logs for cathrin yet\. Waiting\. Did you mean kathrin@example\.com or katrin\?\n$`)
	record(logs, "cathrin", "/at-last")
	misheard.out.await(t, "/at-last")
	if got := misheard.out.String(); strings.Contains(got, "hers") || strings.Contains(got, "another") {
		t.Errorf("a log is shown that was not named: %s", got)
	}
}

// Where it can't be looked up who is meant, that is said, and not only that the log is empty.
func TestTailSaysThatNamesWereNotLookedUp(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	record(logs, "ada", "/hers")
	awaitWritten(t, logs, 1)
	for _, c := range []struct {
		forbid []string
		allow  string
		typed  string
	}{
		{[]string{"-exists"}, "+exists", "Ada"},                   // whose log it is
		{[]string{"resetkeys", "~userlog:[^g]*"}, "~*", "nobody"}, // whether the user was here
		{[]string{"-zrangebyscore"}, "+zrangebyscore", "nobody"},  // who has a similar name
	} {
		server.Permit(c.forbid...)
		tail := start(t, nil, "tail", c.typed, "--redis", server.URL)
		tail.err.await(t, `\. Waiting\.`)
		if got := tail.err.String(); strings.Count(got, "Similar names could not be looked up.\n") != 1 {
			t.Errorf("tail %s with %s says %q", c.typed, c.forbid, got)
		}
		tail.end(t)
		server.Permit(c.allow)
	}
}

// A user whose log has expired is no stranger, and is waited for by her own name.
func TestTailSaysWhoWasHere(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	at := time.Now().Add(-2 * time.Hour)
	if err := server.Client(t).ZAdd(t.Context(), "userlog:users", redis.Z{Score: float64(at.UnixMilli()), Member: "ada"}).Err(); err != nil {
		t.Fatal(err)
	}
	gone := start(t, nil, "tail", " Ada ", "--redis", server.URL)
	gone.err.await(t, `^ada was here until `+at.UTC().Format("2006-01-02 15:04:05 UTC")+`\. The log has expired\.\nNo logs for ada yet\. Waiting\.`)
	record(logs, "ada", "/back")
	gone.out.await(t, "/back")
	unmindful := start(t, nil, "tail", "ada", "--json", "--remember", "0", "--redis", server.URL)
	unmindful.out.await(t, "/back")
}

func TestTailJSON(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	record(logs, "ada", "/a<b>?x=1&y=2")
	awaitWritten(t, logs, 1)
	r := start(t, environ{"USERLOG_JSON": "true"}, "tail", "ada", "--redis", server.URL)
	line := r.out.await(t, "(.*)\n")[1]
	stored, err := server.Client(t).LIndex(t.Context(), logs.KeyPrefix()+"log:ada", 0).Result()
	if err != nil {
		t.Fatal(err)
	}
	if line != stored || !json.Valid([]byte(line)) {
		t.Errorf("got  %s\nwant %s", line, stored)
	}
}

func TestTailSaysWhenRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	r := start(t, nil, "tail", "ada", "--redis", server.URL)
	record(logs, "ada", "/before")
	r.out.await(t, "/before")
	server.Kill()
	r.err.await(t, `(?m)^(Redis at .* can't be reached \(.*\)\. .*|The connection to the log store was lost\. .*)\n`)
	server.Restart()
	r.err.await(t, `\nThe log store is back\.\n`)
	r.err.await(t, `\nRequests may be missing here\.\n`)
	record(logs, "ada", "/after")
	r.out.await(t, "/after")
}

// Where Redis can be read and takes nothing new, tail says so in the words of the pages, when that begins and when it ends.
func TestTailSaysWhenRedisRefuses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	full := func(is bool) {
		t.Helper()
		limit := map[bool]string{true: "1", false: "0"}[is]
		if err := client.ConfigSet(t.Context(), "maxmemory", limit).Err(); err != nil {
			t.Fatal(err)
		}
	}
	const refuses = `Redis at \S+ refuses \(OOM .*\)\. The memory of Redis is full, so it takes nothing new\. Tell whoever runs Redis: .*\n`
	full(true)
	r := start(t, nil, "tail", "ada", "--redis", server.URL)
	r.err.await(t, refuses)
	full(false)
	r.err.await(t, refuses+`(.*\n)*Redis takes changes again\.\n`)
	record(openStore(t, server.URL, store.Options{}), "ada", "/first")
	r.out.await(t, "/first")
	full(true)
	r.err.await(t, `again\.\n(.*\n)*`+refuses)
	server.Kill()
	r.err.await(t, `again\.\n(.*\n)*`+refuses+`(.*\n)*(Redis at .* can't be reached \(.*\)\. .*|The connection to the log store was lost\. .*)\n`)
}

// One master of a Cluster is full. It has the log that is followed, and neither the audit log nor accounts.
func TestTailSaysWhenOneMasterRefuses(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	needed := []*redistest.Server{c.Master("userlog:{audit}:records"), c.Master("userlog:accounts")}
	username := "ada"
	for slices.Contains(needed, c.Master("userlog:log:"+username)) {
		username += "a"
	}
	full := c.Master("userlog:log:" + username).Client(t)
	r := start(t, nil, "tail", username, "--redis", "redis://"+c.Nodes[0].Address+"?addr="+c.Nodes[1].Address)
	for _, end := range []struct{ memory, says string }{
		{"1", `The memory of Redis is full, so it takes nothing new\.`}, {"0", `Redis takes changes again\.\n`},
	} {
		if err := full.ConfigSet(t.Context(), "maxmemory", end.memory).Err(); err != nil {
			t.Fatal(err)
		}
		r.err.await(t, end.says)
	}
}

// What is missing is said in the words of the pages, and to a program in the line.
func TestTailSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	lines := []any{
		`{"id":"1","username":"ada","method":"GET","path":"/cart","code":200,"time":1}`,
		`{"id":"2","username":"ada","method":"GET","path":"/pay","code":200,"time":2,"gap":{"dropped":3}}`,
		`{"id":"3","username":"ada","method":"GET","path":"/poll","code":200,"time":3,"kind":"fetch","gap":{"background":4}}`,
		`{"id":"4","username":"ada","time":4,"gap":{"indeterminate":1}}`,
	}
	if err := server.Client(t).LPush(t.Context(), logs.KeyPrefix()+"log:ada", lines...).Err(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string // on standard error
		rows int
	}{
		{nil, "3 requests are missing here.\n1 request may be missing here.\n", 2},
		{[]string{"--every"}, "3 requests are missing here.\n4 requests that pages made by themselves may be missing here.\n1 request may be missing here.\n", 3},
		{[]string{"--json"}, "", 4},
	} {
		r := start(t, nil, append([]string{"tail", "ada", "--redis", server.URL}, test.args...)...)
		r.out.await(t, fmt.Sprintf(`(?m)\A(.*\n){%d}\z`, test.rows))
		if test.want != "" {
			r.err.await(t, regexp.QuoteMeta(test.want))
		} else {
			r.out.await(t, `"time":4.000000,"gap":\{"indeterminate":1\}\}\n\z`)
		}
		r.end(t)
	}
}

// awaitWritten waits until n entries are in Redis.
func awaitWritten(t *testing.T, logs *store.Store, n uint64) {
	t.Helper()
	redistest.Eventually(t, "the entries are written", func() bool { return logs.Stats().Written >= n })
}

// An agent who reads a log in a terminal is written down as one who reads it in a browser.
func TestTailIsWrittenDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	record(logs, "ada", "/first")
	awaitWritten(t, logs, 1)
	for _, args := range [][]string{{"ada", "--reason", "ticket 12"}, {"--all"}} {
		r := start(t, nil, append([]string{"tail", "--redis", server.URL}, args...)...)
		r.out.await(t, "/first")
		r.end(t)
	}
	var got []string
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Actor == "" || r.Via != "terminal" {
			t.Errorf("written down: %+v", r)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Action, r.Subject, r.Reason)))
	}
	if want := []string{"watch ada ticket 12", "view-ended ada ticket 12", "watch-everyone", "view-ended"}; !slices.Equal(got, want) {
		t.Errorf("written down: %q, want %q", got, want)
	}
}

func TestTailShowsNothingUnrecorded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	record(logs, "ada", "/secret")
	awaitWritten(t, logs, 1)
	if err := logs.Client().ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil { // nothing can be written any more
		t.Fatal(err)
	}
	r := do(t, nil, "", "tail", "ada", "--redis", server.URL)
	if r.status != 1 || r.out != "" || !strings.Contains(r.err, "refuses") {
		t.Errorf("status %d, output %q, standard error %q", r.status, r.out, r.err)
	}
	if r := do(t, nil, "", "tail", "ada", "--redis", server.URL, "--reason", "\x1b[2J"); r.status != 2 {
		t.Errorf("a reason that can't be: status %d, %q", r.status, r.err)
	}
}
