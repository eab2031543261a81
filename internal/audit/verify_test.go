//go:build unix

package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// Each case does to a log of ten records, of which eight are kept, what somebody might do who can
// write to Redis.
type fate int

const (
	stays  fate = iota
	ages        // the place is too old to be kept after the next records
	healed      // a process that knows what was lost restores it
)

var tampering = []struct {
	name   string
	tamper func(t *testing.T, client redis.UniversalClient, log []redis.XMessage)
	says   string
	after  fate
}{
	{"an altered record", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		log[4].Values["line"] = strings.Replace(log[4].Values["line"].(string), `"ada"`, `"bob"`, 1)
		rewrite(t, client, log)
	}, "Record 7 was altered", stays},
	{"an altered record with its hash", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		log[4].Values["line"] = strings.Replace(log[4].Values["line"].(string), `"ada"`, `"bob"`, 1)
		log[4].Values["hash"] = hashOf(log[4].Values["line"].(string))
		rewrite(t, client, log)
	}, "Record 8 does not follow record 7", stays},
	{"the newest altered with its hash", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		log[7].Values["line"] = strings.Replace(log[7].Values["line"].(string), `"ada"`, `"bob"`, 1)
		log[7].Values["hash"] = hashOf(log[7].Values["line"].(string))
		rewrite(t, client, log)
	}, "Record 10, the newest, is not the one", stays},
	{"an altered hash", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		log[0].Values["hash"] = strings.Repeat("0", 64)
		rewrite(t, client, log)
	}, "Record 3 was altered", ages},
	{"a record that is none", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		log[4].Values = map[string]any{"line": "{}"}
		rewrite(t, client, log)
	}, "the place of record 7 is not a record", stays},
	{"one removed", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		remove(t, client, log[4:5])
	}, "Record 7 is missing.", stays},
	{"some removed", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		remove(t, client, log[4:6])
	}, "Records 7 to 8 are missing.", stays},
	{"the newest removed", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		remove(t, client, log[7:])
	}, "Record 10 is missing at the end.", stays},
	{"the oldest removed", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		remove(t, client, log[:2])
	}, "Records 3 to 4 are missing.", ages},
	{"the oldest removed, and the head told so", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		remove(t, client, log[:2])
		set(t, client, strings.TrimSuffix(get(t, client), ":3")+":5")
	}, "Records 3 to 4 are missing.", ages},
	{"the newest disagrees about the oldest", func(t *testing.T, client redis.UniversalClient, _ []redis.XMessage) {
		set(t, client, strings.TrimSuffix(get(t, client), ":3")+":2")
	}, "disagree about what is to be kept", ages},
	{"all removed", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		remove(t, client, log)
	}, "Records 3 to 10 are missing: the log is empty.", stays},
	{"the stream deleted", func(t *testing.T, client redis.UniversalClient, _ []redis.XMessage) {
		if err := client.Del(t.Context(), keys.Records()).Err(); err != nil {
			t.Fatal(err)
		}
	}, "Records 3 to 10 are missing: the log is empty.", stays},
	{"the head deleted", func(t *testing.T, client redis.UniversalClient, _ []redis.XMessage) {
		if err := client.Del(t.Context(), keys.Head()).Err(); err != nil {
			t.Fatal(err)
		}
	}, "The note of where the log ends is missing", healed},
	{"a head that is none", func(t *testing.T, client redis.UniversalClient, _ []redis.XMessage) {
		set(t, client, "10")
	}, "can't be read", healed},
	{"the head set back", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		set(t, client, "9:"+log[6].Values["hash"].(string)+":2")
	}, "The log ends with record 9, but there are records up to 10", healed},
	{"two swapped", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		log[3].Values, log[4].Values = log[4].Values, log[3].Values
		rewrite(t, client, log)
	}, "Record 7 is in the place of record 6", stays},
	{"one inserted", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		rewrite(t, client, slices.Insert(log, 4, redis.XMessage{ID: "6-1", Values: log[3].Values}))
	}, "the place of record 6 is not a record of this log", stays},
	{"one added", func(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
		line := strings.Replace(log[7].Values["line"].(string), `"seq":10`, `"seq":11`, 1)
		rewrite(t, client, append(log, redis.XMessage{ID: "11-0", Values: map[string]any{"line": line, "hash": hashOf(line)}}))
	}, "Record 11 does not follow record 10", stays},
}

func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	for _, test := range tampering {
		t.Run(test.name, func(t *testing.T) {
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				log := audit.New(client, keys, audit.Options{MaxRecords: 8})
				fill(t, log, 10)
				if report := verify(t, log, audit.Checkpoint{}); !report.OK() || report.Broken != "" {
					t.Fatalf("before: %+v", report)
				}
				test.tamper(t, client, entries(t, client))
				report := verify(t, log, audit.Checkpoint{})
				if report.OK() || !strings.Contains(report.Broken, test.says) {
					t.Errorf("got %d, %q, want %q", report.Breaks, report.Broken, test.says)
				}
				// The log goes on, whatever was done to it, and doesn't cover it up.
				other := audit.New(client, keys, audit.Options{MaxRecords: 8})
				put(t, log, audit.Record{Action: audit.View})
				put(t, other, audit.Record{Action: audit.View})
				if report := verify(t, log, audit.Checkpoint{}); report.OK() != (test.after != stays) {
					t.Errorf("after further records: %+v", report)
				}
			})
		})
	}
}

// Somebody who can write to Redis can write another chain, or an older one. Only what was noted
// elsewhere tells.
func TestMarkTellsAChainFromAnother(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		fill(t, audit.New(client, keys, audit.Options{}), 5)
		checkpoint := verify(t, audit.New(client, keys, audit.Options{}), audit.Checkpoint{}).Checkpoint
		noted, err := audit.ParseCheckpoint(checkpoint.String())
		if err != nil || noted != checkpoint {
			t.Fatalf("%s is read as %+v, %v", checkpoint, noted, err)
		}
		if err := client.Del(t.Context(), keys.Records(), keys.Head()).Err(); err != nil {
			t.Fatal(err)
		}
		// A process that has seen no other chain.
		log := audit.New(client, keys, audit.Options{})
		says := func(want string) {
			t.Helper()
			if report := verify(t, log, checkpoint); report.OK() || !strings.Contains(report.Broken, want) {
				t.Errorf("with a checkpoint: %q, want %q", report.Broken, want)
			}
			if report := verify(t, log, audit.Checkpoint{}); !report.OK() {
				t.Errorf("without a checkpoint: %q", report.Broken)
			}
		}
		says("Record 5, which was noted, is missing: the log ends with record 0 now.")
		fill(t, log, 3)
		says("Record 5, which was noted, is missing: the log ends with record 3 now.")
		fill(t, log, 3)
		says("Record 5 is not the one that was noted")
	})
}

// A process that has not seen the head doesn't invent one that fits.
func TestHeadThatWasDeletedLeavesABreak(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		fill(t, audit.New(client, keys, audit.Options{}), 3)
		if err := client.Del(t.Context(), keys.Head()).Err(); err != nil {
			t.Fatal(err)
		}
		log := audit.New(client, keys, audit.Options{})
		fill(t, log, 2)
		if report := verify(t, log, audit.Checkpoint{}); report.Breaks != 1 || !strings.HasPrefix(report.Broken, "Record 4 does not follow record 3") {
			t.Errorf("the report is %+v", report)
		}
	})
}

// A process that has written to a log notices when that is set back behind its back, all of it.
func TestLogThatWasSetBackHasABreak(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		fill(t, log, 5)
		before, head := entries(t, client), get(t, client)
		fill(t, log, 2)
		rewrite(t, client, before)
		set(t, client, head)
		if report := verify(t, log, audit.Checkpoint{}); !report.OK() {
			t.Fatalf("nothing in Redis is wrong yet: %q", report.Broken)
		}
		if r := put(t, log, audit.Record{Action: audit.View}); r.Seq != 8 {
			t.Errorf("the next record is %d", r.Seq)
		}
		if report := verify(t, log, audit.Checkpoint{}); report.Broken != "Records 6 to 7 are missing." {
			t.Errorf("got %q", report.Broken)
		}
	})
}

func TestParseCheckpoint(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("aB", 32)
	if checkpoint, err := audit.ParseCheckpoint("12:" + hash); err != nil || checkpoint != (audit.Checkpoint{Link: audit.Link{Seq: 12, Hash: strings.ToLower(hash)}}) {
		t.Errorf("got %+v, %v", checkpoint, err)
	}
	for _, bad := range []string{"", "12", "12:", ":" + hash, "0:" + hash, "-1:" + hash, "12:" + hash[1:], "12:" + hash + "00", "12:" + hash[:62] + "zz", "x:" + hash} {
		if checkpoint, err := audit.ParseCheckpoint(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, checkpoint)
		}
	}
}

func TestEmptyLogIsWhole(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		if report := verify(t, log, audit.Checkpoint{}); report != (audit.Report{}) {
			t.Errorf("the report is %+v", report)
		}
		if page, err := log.Read(t.Context(), audit.Filter{}, audit.Place{}, 10); err != nil || len(page.Records) != 0 || page.Next != (audit.Place{}) {
			t.Errorf("got %+v, %v", page, err)
		}
		if got := everything(t, log); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

// A look that only counts finds what is missing or too much, at once. It takes nothing that belongs so for damage.
func TestLooksWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, client redis.UniversalClient)
		whole bool
	}{
		{"nothing is done to it", func(*testing.T, redis.UniversalClient) {}, true},
		{"all is gone, as if it had never been", func(t *testing.T, client redis.UniversalClient) {
			client.Del(t.Context(), keys.Head(), keys.Records())
		}, true},
		{"the oldest is removed", func(t *testing.T, client redis.UniversalClient) { remove(t, client, entries(t, client)[:1]) }, false},
		{"one in the middle is removed", func(t *testing.T, client redis.UniversalClient) { remove(t, client, entries(t, client)[3:4]) }, false},
		{"the newest is removed", func(t *testing.T, client redis.UniversalClient) { remove(t, client, entries(t, client)[7:]) }, false},
		{"all are removed", func(t *testing.T, client redis.UniversalClient) { client.Del(t.Context(), keys.Records()) }, false},
		{"the head is removed", func(t *testing.T, client redis.UniversalClient) { client.Del(t.Context(), keys.Head()) }, false},
		{"the head can't be read", func(t *testing.T, client redis.UniversalClient) { set(t, client, "?") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				log := audit.New(client, keys, audit.Options{MaxRecords: 8})
				if whole, err := log.LooksWhole(t.Context()); err != nil || !whole {
					t.Fatalf("an empty log: %v, %v", whole, err)
				}
				fill(t, log, 10)
				c.spoil(t, client)
				if whole, err := log.LooksWhole(t.Context()); err != nil || whole != c.whole {
					t.Errorf("got %v, %v", whole, err)
				}
			})
		})
	}
}

func remove(t *testing.T, client redis.UniversalClient, log []redis.XMessage) {
	t.Helper()
	for _, message := range log {
		if err := client.XDel(t.Context(), keys.Records(), message.ID).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func get(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	head, err := client.Get(t.Context(), keys.Head()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func set(t *testing.T, client redis.UniversalClient, head string) {
	t.Helper()
	if err := client.Set(t.Context(), keys.Head(), head, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func hashOf(line string) string {
	sum := sha256.Sum256([]byte(line))
	return hex.EncodeToString(sum[:])
}

// meanwhile does something before the n-th reading of a range of the stream.
type meanwhile struct {
	n  int
	do func()
}

func (*meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "xrange" {
			if m.n--; m.n == 0 {
				m.do()
			}
		}
		return next(ctx, cmd)
	}
}

// What becomes too old while a verification is under way is not missing; what goes otherwise is.
func TestVerifyIsOvertaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		kept    int
		reading int // before which it happens
		renewed int // how many records are appended
		removed int // how many of the newest are removed
		report  audit.Report
	}{
		{"before the first reading", 20, 1, 25, 0, audit.Report{Records: 20, First: 26, Last: 45, SinceTooOld: true}},
		{"between two readings", 600, 2, 650, 0, audit.Report{Records: 500, First: 1, Last: 500, SinceTooOld: true}},
		{"removed between two readings", 600, 2, 0, 5, audit.Report{
			Records: 595, First: 1, Last: 595, Breaks: 2, Broken: "Records 596 to 600 are missing at the end.",
		}},
		{"removed between two readings, and others too old", 600, 2, 550, 5, audit.Report{
			Records: 550, First: 1, Last: 595, Breaks: 2, Broken: "Records 596 to 600 are missing at the end.",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				log := audit.New(client, keys, audit.Options{MaxRecords: int64(c.kept)})
				noted := fill(t, log, c.kept)[c.kept-1]
				client.AddHook(&meanwhile{n: c.reading, do: func() {
					remove(t, client, entries(t, client)[c.kept-c.removed:])
					fill(t, log, c.renewed)
				}})
				got := verify(t, log, audit.Checkpoint{Link: audit.Link{Seq: noted.Seq, Hash: noted.Hash}})
				got.FirstTime, got.LastTime, got.Checkpoint = time.Time{}, time.Time{}, audit.Checkpoint{}
				if got != c.report {
					t.Errorf("the report is %+v\nit should be %+v", got, c.report)
				}
			})
		})
	}
}
