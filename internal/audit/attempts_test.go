//go:build unix

package audit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// What strangers try is kept apart from what accounts do, and pushes none of that out.
func TestAttemptsPushOutNothingElse(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{MaxRecords: 5, MaxAttempts: 3})
		done := fill(t, log, 5)
		for range 20 {
			put(t, log, audit.Record{Action: audit.LoginFailed})
		}
		got := all(t, log, audit.Filter{})
		if len(got) != 8 || !slices.Equal(got[:5], done) || got[7].Seq != 20 || got[7].Ring != audit.Attempts || got[5].Seq != 18 {
			t.Errorf("kept are %+v", got)
		}
		report := verify(t, log, audit.Checkpoint{})
		if !report.OK() || report.Records != 5 || report.Attempts != 3 || report.Checkpoint.Attempt.Seq != 20 {
			t.Errorf("the report is %+v", report)
		}
		noted, err := audit.ParseCheckpoint(report.Checkpoint.String())
		if err != nil || noted != report.Checkpoint {
			t.Errorf("%s is read as %+v, %v", report.Checkpoint, noted, err)
		}
		if report := verify(t, log, noted); !report.OK() || report.SinceTooOld || report.AttemptTooOld {
			t.Errorf("with the checkpoint the report is %+v", report)
		}
	})
}

// The chain of what accounts do covers the attempts, too: whoever replaces or removes them as a whole is found out.
func TestRecordsNameTheAttemptsBeforeThem(t *testing.T) {
	t.Parallel()
	for what, says := range map[string]string{
		"removed": "Attempt 4, which a record names, is missing.", "replaced": "Attempt 4 is not the one that a record names", "altered": "Attempt 2 was altered",
		"moved": "What is in the place of attempt 2 is not a record of this log",
	} {
		t.Run(what, func(t *testing.T) {
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				log := audit.New(client, keys, audit.Options{})
				for range 4 {
					put(t, log, audit.Record{Action: audit.LoginFailed, Actor: "vera"})
				}
				fill(t, log, 2)
				if report := verify(t, log, audit.Checkpoint{}); !report.OK() {
					t.Fatalf("before: %+v", report)
				}
				tamperWithAttempts(t, client, what)
				if report := verify(t, log, audit.Checkpoint{}); report.OK() || !strings.Contains(report.Broken, says) {
					t.Errorf("got %d, %q, want %q", report.Breaks, report.Broken, says)
				}
			})
		})
	}
}

func tamperWithAttempts(t *testing.T, client redis.UniversalClient, what string) {
	t.Helper()
	ctx := t.Context()
	entries, err := client.XRange(ctx, keys.Attempts(), "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	own := entries[1].Values
	if what == "moved" { // from the other ring
		own = client.XRange(ctx, keys.Records(), "2", "2").Val()[0].Values
	}
	if what == "altered" {
		own["line"] = strings.Replace(own["line"].(string), "vera", "eve", 1)
	}
	entries[1].Values = own
	head := client.Get(ctx, keys.AttemptsHead()).Val()
	if err := client.Del(ctx, keys.Attempts(), keys.AttemptsHead()).Err(); err != nil {
		t.Fatal(err)
	}
	switch what {
	case "removed":
	case "replaced":
		for range 4 {
			put(t, audit.New(client, keys, audit.Options{}), audit.Record{Action: audit.LoginFailed, Actor: "eve"})
		}
	default:
		for _, entry := range entries {
			if err := client.XAdd(ctx, &redis.XAddArgs{Stream: keys.Attempts(), ID: entry.ID, Values: entry.Values}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.Set(ctx, keys.AttemptsHead(), head, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// Pages of records and attempts have each of them once.
func TestReadGoesThroughBothRings(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		for n := range 30 {
			fill(t, log, 1)
			if n%3 == 0 {
				put(t, log, audit.Record{Action: audit.LoginFailed})
			}
		}
		var got []audit.Record
		for before := (audit.Place{}); ; {
			page, err := log.Read(t.Context(), audit.Filter{}, audit.ParsePlace(before.String()), 7)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Records...)
			if before = page.Next; before == (audit.Place{}) {
				break
			}
		}
		slices.Reverse(got)
		if want := everything(t, log); len(got) != 40 || !sameRecords(got, want) {
			t.Errorf("the pages have %d records: %+v", len(got), got)
		}
	})
}

// sameRecords reports whether both have the same records, in whatever order those stand that have one time.
func sameRecords(a, b []audit.Record) bool {
	byID := func(a, b audit.Record) int { return strings.Compare(a.ID, b.ID) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, byID)
	slices.SortFunc(b, byID)
	return slices.Equal(a, b)
}
