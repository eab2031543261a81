//go:build unix

package command_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestRecordingCommands(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{Application: "shop\x1b"})
	env := environ{"USERLOG_REDIS": server.URL}
	for _, step := range []struct {
		args   string // parted by spaces
		status int
		says   string // a pattern
	}{
		{"", 0, `^SWITCH +STATE\nrecording +on\npublishing +on\nsampling +all\nignore +nothing\nwatch-only +off\n$`},
		{"set", 2, `^userlog: say what to set: --recording, `},
		{"set --recording=off", 0, `\nrecording +off\npublishing +on\n`},
		{"set --publishing=off --sample=10 --ignore=^/a{1,2}$ --ignore=b", 0, `\nrecording +off\npublishing +off\nsampling +1 of 10\nignore +"\^/a\{1,2\}\$" "b"\nwatch-only +off\n$`},
		{"set --ignore= --recording=on --sample=1", 0, `\nrecording +on\npublishing +off\nsampling +all\nignore +nothing\nwatch-only +off\n$`},
		{"set --watch-only=on", 0, `\nwatch-only +on\n$`},
		{"show", 0, `\nrecording +on\npublishing +off\n`},
		{"set --recording=maybe", 2, `^userlog: --recording must be one of "on","off",`},
		{"set --sample=0", 2, `^userlog: --sample is 0: use 1 to 10000\n$`},
		{"set --sample=10001", 2, `^userlog: Sample is out of its range: it is 10001: use 1 to 10000\n$`},
		{"set --ignore=(", 2, `^userlog: Ignore can't be used: "\(" is not a regular expression`},
		{"set --ignore=b --ignore=", 2, `^userlog: Ignore can't be used: "" is not a regular expression: it is empty`},
	} {
		r := do(t, env, "", append([]string{"recording"}, strings.Fields(step.args)...)...)
		if r.status != step.status || !regexp.MustCompile(step.says).MatchString(r.out+r.err) {
			t.Errorf("%s: status %d, %q, %q", step.args, r.status, r.out, r.err)
		}
	}
	var written []string
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{}) {
		if err != nil || r.Action != audit.RecordingChanged || r.Actor == "" || r.Via != "terminal" {
			t.Fatalf("%+v, %v", r, err)
		}
		written = append(written, r.Detail)
	}
	if want := []string{
		`recording: on → off`,
		`publishing: on → off; sampling: all → 1 of 10; ignore: nothing → "^/a{1,2}$" "b"`,
		`recording: off → on; sampling: 1 of 10 → all; ignore: "^/a{1,2}$" "b" → nothing`,
		`watch-only: off → on`,
	}; !slices.Equal(written, want) {
		t.Errorf("written down is %q", written)
	}
}

// An application that does not follow is named, also one that would take over the terminal. What can't be read is said.
func TestRecordingCommandSaysWhoDoesNotFollow(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	env, client := environ{"USERLOG_REDIS": server.URL}, server.Client(t)
	logs := openStore(t, server.URL, store.Options{Application: "shop\x1b[2J", Version: "v1"})
	logs.Announce()
	redistest.Eventually(t, "the application reports itself", func() bool {
		all, err := logs.Applications(context.Background())
		return err == nil && len(all) == 1
	})
	if r := do(t, env, "", "recording"); r.status != 0 || strings.Contains(r.out, "follow") {
		t.Errorf("before: %d, %q, %q", r.status, r.out, r.err)
	}
	r := do(t, env, "", "recording", "set", "--recording=off")
	if r.status != 0 || !strings.Contains(r.out, "v1, does not follow yet") || strings.Contains(r.out, "\x1b") {
		t.Errorf("after: %d, %q, %q", r.status, r.out, r.err)
	}
	client.Set(t.Context(), "userlog:switches", "garbage", 0)
	if r := do(t, env, "", "recording"); r.status != 1 || !strings.Contains(r.err, "can't be read") {
		t.Errorf("garbage: %d, %q, %q", r.status, r.out, r.err)
	}
	if r := do(t, env, "", "recording", "set", "--sample=2"); r.status != 0 || !strings.Contains(r.out, "1 of 2") {
		t.Errorf("put right: %d, %q, %q", r.status, r.out, r.err)
	}
}

// A change that was made is shown, also where Redis does not say which applications follow it.
func TestRecordingCommandWithoutTheApplications(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	env := environ{"USERLOG_REDIS": server.URL}
	server.Permit("-smembers")
	for _, args := range [][]string{{"set", "--recording=off"}, {"show"}} {
		r := do(t, env, "", append([]string{"recording"}, args...)...)
		const says = "Whether other applications do not follow yet could not be found out: Redis at "
		if r.status != 0 || !regexp.MustCompile(`\nrecording +off\n`).MatchString(r.out) || !strings.Contains(r.out, "\n"+says) {
			t.Errorf("%q: status %d, %q, %q", args, r.status, r.out, r.err)
		}
	}
}

// Where only users are recorded whose logs are looked at, tail looks at once, and that is written down.
func TestTailHasTheUserRecorded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs, client := openStore(t, server.URL, store.Options{}), server.Client(t)
	if err := logs.SetSwitches(t.Context(), store.Switches{WatchOnly: true}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ whose, says string }{
		{"--all", "Only users whose logs are open are recorded, so others may be missing here."},
		{"ada", "Recording of ada begins within 15 seconds."},
	} {
		tail := start(t, nil, "tail", c.whose, "--redis", server.URL)
		tail.err.await(t, c.says)
		if users := client.ZRange(t.Context(), "userlog:watched", 0, -1).Val(); slices.Contains(users, "ada") != (c.whose == "ada") {
			t.Errorf("tail %s: recorded are %q", c.whose, users)
		}
		tail.end(t)
	}
	if looks := looksAt(t, logs); !slices.Equal(looks, []string{"ada"}) {
		t.Errorf("written down are looks at %q", looks)
	}
}

// looksAt are the users whose logs were watched, as the audit log has it.
func looksAt(t *testing.T, logs *store.Store) (looks []string) {
	t.Helper()
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{Action: audit.Watch}) {
		if err != nil {
			t.Fatal(err)
		}
		looks = append(looks, r.Subject)
	}
	return looks
}

// A tail that begins while the switches do not answer has the user recorded as soon as they do.
func TestTailHasTheUserRecordedLater(t *testing.T) {
	t.Parallel()
	permit := func(rule string) func(*redistest.Server) { return func(s *redistest.Server) { s.Permit(rule) } }
	const unknown, unnoted = "Whether this log is recorded could not be found out", "This log is not recorded, since only those are whose look is noted, and this look could not be"
	for name, trouble := range map[string]struct {
		begin, end func(*redistest.Server)
		says       string
	}{
		"Redis is away":            {(*redistest.Server).Kill, (*redistest.Server).Restart, unknown},
		"Redis hangs":              {(*redistest.Server).Pause, (*redistest.Server).Resume, unknown},
		"the switches are refused": {permit("-getrange"), permit("+getrange"), unknown},
		"the look is refused":      {permit("-zadd"), permit("+zadd"), unnoted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			logs, client := openStore(t, server.URL, store.Options{}), server.Client(t)
			watchOnly := func() {
				if err := logs.SetSwitches(t.Context(), store.Switches{WatchOnly: true}); err != nil {
					t.Fatal(err)
				}
			}
			watchOnly()
			trouble.begin(server)
			tail := start(t, nil, "tail", "ada", "--redis", server.URL)
			tail.err.await(t, trouble.says+`: Redis at .*\. That is tried again\.\n`)
			trouble.end(server)
			watchOnly() // a server that was killed may have lost it
			tail.err.await(t, "Recording of ada begins within 15 seconds.")
			if users := client.ZRange(t.Context(), "userlog:watched", 0, -1).Val(); !slices.Equal(users, []string{"ada"}) {
				t.Errorf("recorded are %q", users)
			}
			if looks := looksAt(t, logs); !slices.Equal(looks, []string{"ada"}) {
				t.Errorf("written down are looks at %q", looks)
			}
			if said := tail.err.String(); strings.Count(said, trouble.says) != 1 {
				t.Errorf("tail says %q", said)
			}
		})
	}
}
