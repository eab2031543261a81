//go:build unix

package audit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestAppendIsRead(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		at := &clock{time.Date(2026, 5, 4, 3, 2, 1, 987654321, time.FixedZone("", 3600))}
		log := audit.New(client, keys, audit.Options{Now: at.now})
		first := put(t, log, audit.Record{
			Actor: "root", Role: "superuser", Action: audit.View, Subject: `<b>&"ada`, Address: "192.0.2.1",
			Via: "browser", Reason: "ticket 12", Detail: "=1+1",
		})
		second := put(t, log, audit.Record{Actor: "root", Action: audit.ViewEnded, Duration: 61234567 * time.Microsecond, Began: first.Seq})
		want := time.Date(2026, 5, 4, 2, 2, 1, 987e6, time.UTC)
		if first.Seq != 1 || first.Prev != "" || len(first.Hash) != 64 || first.ID == "" || first.Oldest != 1 || !first.Time.Equal(want) {
			t.Errorf("the first record is %+v", first)
		}
		if second.Seq != 2 || second.Prev != first.Hash || second.ID == first.ID {
			t.Errorf("the second record is %+v", second)
		}
		got := all(t, log, audit.Filter{})
		second.Duration = 61234 * time.Millisecond // what is kept of it
		if len(got) != 2 || got[0] != first || got[1] != second {
			t.Errorf("got  %+v\nwant %+v\n     %+v", got, first, second)
		}
		if report := verify(t, log, audit.Checkpoint{}); !report.OK() || report.Records != 2 {
			t.Errorf("the report is %+v", report)
		}
	})
}

func TestTextsAreMadeHarmless(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		for _, text := range []string{
			"", "ada", "a\nb\x00c\x1b[2J\u0085", "a\xffb", strings.Repeat("é", 5000), strings.Repeat("\xff", 300),
			strings.Repeat("🙂", 64), strings.Repeat("🙂", 65), strings.Repeat("a", 1<<20),
		} {
			r := put(t, log, audit.Record{
				Actor: text, Role: text, Action: audit.Action(text + "x"), Subject: text, Address: text, Via: text, Reason: text, Detail: text,
			})
			for i, kept := range []string{r.Actor, r.Role, string(r.Action), r.Subject, r.Address, r.Via, r.Detail, r.Reason} {
				limit := audit.MaxText
				if i == 7 {
					limit = audit.MaxReason
				}
				if len(kept) > limit || !utf8.ValidString(kept) || strings.ContainsFunc(kept, unicode.IsControl) {
					t.Errorf("%.20q is kept as %d bytes: %.40q", text, len(kept), kept)
				}
				if len(text) > limit && !strings.HasSuffix(kept, "…") {
					t.Errorf("%.20q is cut without saying so: %.40q", text, kept)
				}
			}
			if len(text) <= audit.MaxText && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl) && r.Actor != text {
				t.Errorf("%q became %q", text, r.Actor)
			}
		}
		if report := verify(t, log, audit.Checkpoint{}); !report.OK() {
			t.Error(report.Broken)
		}
	})
}

func TestLogIsCapped(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{MaxRecords: 3})
		written := fill(t, log, 10)
		got := all(t, log, audit.Filter{})
		if len(got) != 3 || got[0] != written[7] || got[2] != written[9] {
			t.Errorf("%d records are kept: %+v", len(got), got)
		}
		report := verify(t, log, audit.Checkpoint{Link: audit.Link{Seq: written[8].Seq, Hash: written[8].Hash}})
		if !report.OK() || report.First != 8 || report.Last != 10 || report.Records != 3 {
			t.Errorf("the report is %+v", report)
		}
		report = verify(t, log, audit.Checkpoint{Link: audit.Link{Seq: written[2].Seq, Hash: written[2].Hash}})
		if !report.OK() || !report.SinceTooOld {
			t.Errorf("with a checkpoint that is too old the report is %+v", report)
		}
	})
}

// Several processes are several Logs, here with clients of their own for the server of the test.
func TestManyWriteOneChain(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		const processes, goroutines, appends = 3, 2, 50
		var all sync.WaitGroup
		for process := range processes {
			log := audit.New(client, keys, audit.Options{MaxRecords: 250}).Patient()
			for goroutine := range goroutines {
				all.Go(func() {
					for n := range appends {
						_, err := log.Append(t.Context(), audit.Record{
							Actor: fmt.Sprint(process), Subject: fmt.Sprint(goroutine), Action: audit.View,
							Reason: strings.Repeat("x", rand.N(600)), Began: int64(n),
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
		}
		all.Wait()
		log := audit.New(client, keys, audit.Options{MaxRecords: 250})
		report := verify(t, log, audit.Checkpoint{})
		if !report.OK() || report.Records != 250 || report.Last != processes*goroutines*appends {
			t.Errorf("the report is %+v", report)
		}
		// Each goroutine waits for its appends, so they are in its order.
		next := make(map[[2]string]int64)
		for _, r := range everything(t, log) {
			who := [2]string{r.Actor, r.Subject}
			if at, seen := next[who]; seen && at != r.Began {
				t.Fatalf("%v wrote %d and then %d", who, at-1, r.Began)
			}
			next[who] = r.Began + 1
		}
	})
}

// again sends every script twice, as a client does that has not got the first answer.
type again struct{}

func (again) DialHook(next redis.DialHook) redis.DialHook { return next }

func (again) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (again) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			_ = next(ctx, cmd) // its answer is lost
		}
		return next(ctx, cmd)
	}
}

func TestAppendWhoseAnswerIsLostIsWrittenOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		client.AddHook(again{})
		log := audit.New(client, keys, audit.Options{})
		fill(t, log, 5)
		if report := verify(t, log, audit.Checkpoint{}); !report.OK() || report.Records != 5 {
			t.Errorf("the report is %+v", report)
		}
	})
}

func everything(t *testing.T, log *audit.Log) []audit.Record {
	t.Helper()
	return all(t, log, audit.Filter{})
}

// A log that is appended to and trimmed while it is verified is whole.
func TestVerifyWhileItIsWritten(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		writer := audit.New(client, keys, audit.Options{MaxRecords: 20})
		fill(t, writer, 20)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 300 {
				if _, err := writer.Append(t.Context(), audit.Record{Action: audit.View}); err != nil {
					t.Error(err)
				}
			}
		}()
		reader := audit.New(client, keys, audit.Options{MaxRecords: 20})
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			if report := verify(t, reader, audit.Checkpoint{}); !report.OK() {
				t.Errorf("the report is %+v", report)
				<-done
				return
			}
		}
	})
}

func TestRedisAwayIsAnError(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*redistest.Server){
		"killed": (*redistest.Server).Kill, "hung": (*redistest.Server).Pause,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			log := audit.New(impatient(t, server), keys, audit.Options{})
			fill(t, log, 1)
			take(server)
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					began := time.Now()
					if r, err := log.Append(t.Context(), audit.Record{Action: audit.View}); err == nil {
						t.Errorf("written as %+v", r)
					}
					if took := time.Since(began); took > redistest.Patience {
						t.Errorf("it took %v", took)
					}
				})
			}
			all.Go(func() {
				if _, err := log.Read(t.Context(), audit.Filter{}, audit.Place{}, 1); err == nil {
					t.Error("it can be read")
				}
			})
			all.Go(func() {
				if _, err := log.Verify(t.Context(), audit.Checkpoint{}); err == nil {
					t.Error("it can be verified")
				}
			})
			all.Wait()
		})
	}
}
