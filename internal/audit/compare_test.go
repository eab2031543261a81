//go:build unix

package audit_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// paper is a copy that two processes write.
type paper struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *paper) add(line []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.b.Write(line)
}

func (p *paper) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// copied reads a copy.
func copied(t *testing.T, text string) audit.Copied {
	t.Helper()
	var c audit.Copied
	if err := c.Add(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return c
}

// fillBoth has two processes write records and attempts at the same time.
func fillBoth(t *testing.T, client redis.UniversalClient, p *paper, n int, actor string) {
	t.Helper()
	var wg sync.WaitGroup
	for range 2 {
		log := audit.New(client, auditKeys, audit.Options{MaxRecords: 8, Copy: p.add})
		wg.Go(func() {
			for i := range n {
				action := audit.View
				if i%3 == 2 {
					action = audit.LoginFailed
				}
				if _, err := log.Append(t.Context(), audit.Record{Actor: actor, Action: action, Subject: "a\u200bda"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

var auditKeys = audit.Keys{Prefix: "userlog:"}

func TestLogAndCopy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tamper func(t *testing.T, client redis.UniversalClient, text string) (copy string)
		says   string
	}{
		"nothing happens": {func(_ *testing.T, _ redis.UniversalClient, text string) string { return text }, ""},
		"a syslog": {func(_ *testing.T, _ redis.UniversalClient, text string) string {
			return "<85>Nov 30 00:00:00 host userlog-audit[1]: " + strings.Join(strings.SplitAfter(text, "\n"), "<85>Nov 30 host userlog-audit[1]: ")
		}, ""},
		"twice, in another order, and cut off": {func(_ *testing.T, _ redis.UniversalClient, text string) string {
			lines := strings.SplitAfter(text, "\n")
			return strings.Join(lines[5:], "") + lines[0][:40] + "\n" + text
		}, ""},
		"a whole new log": {func(t *testing.T, client redis.UniversalClient, text string) string {
			if err := client.Del(t.Context(), auditKeys.Head(), auditKeys.Records(), auditKeys.AttemptsHead(), auditKeys.Attempts()).Err(); err != nil {
				t.Fatal(err)
			}
			fillBoth(t, client, &paper{}, 12, "forged")
			return text
		}, "is not the one in the copy"},
		"the newest are gone": {func(t *testing.T, client redis.UniversalClient, text string) string {
			if err := client.XDel(t.Context(), auditKeys.Records(), "16-0", "15-0").Err(); err != nil {
				t.Fatal(err)
			}
			return text
		}, "Record 15 is in the copy, and not in the log, as 2 in all"},
		"all is gone": {func(t *testing.T, client redis.UniversalClient, text string) string {
			if err := client.Del(t.Context(), auditKeys.Head(), auditKeys.Records(), auditKeys.AttemptsHead(), auditKeys.Attempts()).Err(); err != nil {
				t.Fatal(err)
			}
			return text
		}, "Record 9 is in the copy, and not in the log, as 8 in all"},
		"an altered copy": {func(_ *testing.T, _ redis.UniversalClient, text string) string {
			return strings.Replace(text, `"vera"`, `"eve"`, 1)
		}, "was altered: it does not have the hash that was written with it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				var p paper
				fillBoth(t, client, &p, 12, "vera")
				copy := copied(t, c.tamper(t, client, p.text()))
				log := audit.New(client, auditKeys, audit.Options{MaxRecords: 8})
				got, err := log.Compare(t.Context(), copy)
				if err != nil || !strings.Contains(got.Broken, c.says) || (got.Breaks > 0) != (c.says != "") {
					t.Errorf("%d breaks: %q, %v", got.Breaks, got.Broken, err)
				}
				if c.says == "" && (got.Same != 16 || copy.Records != 24 || got.NotCopied != 0) {
					t.Errorf("%+v of %d records", got, copy.Records)
				}
			})
		})
	}
}

// A program without a copy writes between those of programs that have one.
func TestRecordsThatAreNotCopied(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		var p paper
		copying, other := audit.New(client, auditKeys, audit.Options{Copy: p.add}), audit.New(client, auditKeys, audit.Options{})
		for _, log := range []*audit.Log{other, copying, other, other, copying, other} {
			if _, err := log.Append(t.Context(), audit.Record{Actor: "root", Action: audit.View, Subject: "ada"}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := other.Compare(t.Context(), copied(t, p.text()))
		if err != nil || got.Breaks != 0 || got.Same != 2 || got.NotCopied != 2 || got.FirstNotCopied.Seq != 3 {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := other.Compare(t.Context(), audit.Copied{}); err != nil {
			t.Error(err)
		}
	})
}

func FuzzCopied(f *testing.F) {
	f.Add([]byte(`{"seq":1,"id":"x","oldest":1,"prev":"","hash":"00"}`))
	f.Add([]byte("<85> {\n{}\n{\"seq\":1}\n"))
	f.Add(fmt.Appendf(nil, `{"seq":1,"x":"%s"}`, strings.Repeat("x", 1<<17)))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c audit.Copied
		if err := c.Add(bytes.NewReader(text)); err != nil {
			t.Error(err)
		}
	})
}

// An attacker who can write to Redis can't have records pass for too old: neither by the note of where the log ends, behind which programs then go on, nor
// by records of a program that keeps fewer.
func TestWhatIsRemovedIsNotTooOld(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]audit.Options{"by the note": {}, "by a record": {MaxRecords: 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				var p paper
				log := audit.New(client, auditKeys, audit.Options{Copy: p.add})
				var newest audit.Record
				for range 10 {
					var err error
					if newest, err = log.Append(t.Context(), audit.Record{Actor: "mallory", Action: audit.View}); err != nil {
						t.Fatal(err)
					}
				}
				if err := client.XDel(t.Context(), auditKeys.Records(), "1-0", "2-0", "3-0", "4-0", "5-0").Err(); err != nil {
					t.Fatal(err)
				}
				if err := client.Set(t.Context(), auditKeys.Head(), fmt.Sprintf("10:%s:6", newest.Hash), 0).Err(); err != nil {
					t.Fatal(err)
				}
				forge.Copy = p.add
				if _, err := audit.New(client, auditKeys, forge).Append(t.Context(), audit.Record{Actor: "mallory", Action: audit.Logout}); err != nil {
					t.Fatal(err)
				}
				after := audit.New(client, auditKeys, audit.Options{})
				if report, err := after.Verify(t.Context(), audit.Checkpoint{}); err != nil || report.OK() {
					t.Errorf("verified: %+v, %v", report, err)
				}
				if c, err := after.Compare(t.Context(), copied(t, p.text())); err != nil || !strings.Contains(c.Broken, "is in the copy, and not in the log") {
					t.Errorf("compared: %+v, %v", c, err)
				}
			})
		})
	}
}
