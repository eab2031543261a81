//go:build unix

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// notes is a log in memory, whose Redis can be away.
type notes struct {
	mu      sync.Mutex
	records []audit.Record
	away    error
	takes   time.Duration
}

func (n *notes) Append(ctx context.Context, r audit.Record) (audit.Record, error) {
	time.Sleep(n.takes)
	if ctx.Err() != nil {
		return audit.Record{}, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away != nil {
		return audit.Record{}, n.away
	}
	r.Seq = int64(len(n.records)) + 1
	n.records = append(n.records, r)
	return r, nil
}

func (n *notes) setAway(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = err
}

// String has a word for each record.
func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var words []string
	for _, r := range n.records {
		word := fmt.Sprintf("%s/%s/%s", r.Action, r.Actor, r.Subject)
		if r.Action == audit.ViewEnded {
			word += fmt.Sprintf("/%d/%s/%s", r.Began, r.Duration.Truncate(time.Second), r.Detail)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

var (
	root           = audit.Actor{Name: "root", Role: "superuser", Via: "browser", Address: "192.0.2.1"}
	rootViewsAda   = audit.Viewing{Actor: root, Action: audit.View, Subject: "ada"}
	rootWatchesAda = audit.Viewing{Actor: root, Action: audit.Watch, Subject: "ada"}
)

// inBubble runs test where time passes at once, with views that are closed at its end.
func inBubble(t *testing.T, test func(t *testing.T, log *notes, views *audit.Viewings)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := &notes{}
		views := audit.NewViewings(log, nil, slog.New(slog.DiscardHandler))
		defer views.Close(t.Context())
		test(t, log, views)
	})
}

func touch(t *testing.T, views *audit.Viewings, viewing audit.Viewing) {
	t.Helper()
	if err := views.Touch(t.Context(), viewing); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, log *notes, want string) {
	t.Helper()
	synctest.Wait()
	if got := log.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPollsAreOneView(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		for range 100 {
			touch(t, views, rootViewsAda)
			time.Sleep(2 * time.Second)
		}
		expect(t, log, "view/root/ada")
		time.Sleep(70 * time.Second)
		expect(t, log, "view/root/ada view-ended/root/ada/1/3m18s/view")
		touch(t, views, rootViewsAda)
		expect(t, log, "view/root/ada view-ended/root/ada/1/3m18s/view view/root/ada")
	})
}

func TestOtherViewsAreOthers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		eve, bob, reason := rootViewsAda, rootViewsAda, rootViewsAda
		eve.Actor.Name, bob.Subject, reason.Reason = "eve", "bob", "ticket 12"
		for range 2 {
			for _, viewing := range []audit.Viewing{rootViewsAda, eve, bob, reason, rootWatchesAda} {
				touch(t, views, viewing)
			}
		}
		expect(t, log, "view/root/ada view/eve/ada view/root/bob view/root/ada watch/root/ada")
	})
}

// What is kept in memory for as long as a view goes on is bounded.
func TestViewsHaveBoundedTexts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		long := rootViewsAda
		long.Reason = strings.Repeat("x", 1<<20)
		touch(t, views, long)
		if got := len(log.records[0].Reason); got > audit.MaxReason {
			t.Errorf("a reason has %d bytes", got)
		}
	})
}

func TestSocketIsAViewUntilItsEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		end, err := views.Begin(t.Context(), rootWatchesAda)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		end()
		time.Sleep(30 * time.Second) // it was cut off, and comes back
		again, err := views.Begin(t.Context(), rootWatchesAda)
		if err != nil {
			t.Fatal(err)
		}
		end() // once more does nothing
		time.Sleep(time.Hour)
		expect(t, log, "watch/root/ada")
		again()
		time.Sleep(70 * time.Second)
		expect(t, log, "watch/root/ada view-ended/root/ada/1/2h0m30s/watch")
	})
}

func TestCloseEndsViews(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		end, err := views.Begin(t.Context(), rootWatchesAda)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if err := views.Close(t.Context()); err != nil {
			t.Error(err)
		}
		end()
		expect(t, log, "watch/root/ada view-ended/root/ada/1/10s/watch")
		if _, err := views.Begin(t.Context(), rootWatchesAda); !errors.Is(err, audit.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if err := views.Touch(t.Context(), rootViewsAda); !errors.Is(err, audit.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

// Nobody looks without a record, also not by asking at the same time as somebody who is refused.
func TestNoViewWithoutItsRecord(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		log.takes = time.Second
		log.setAway(errTest)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := views.Touch(t.Context(), rootViewsAda); !errors.Is(err, errTest) {
					t.Errorf("got %v", err)
				}
				if end, err := views.Begin(t.Context(), rootWatchesAda); !errors.Is(err, errTest) || end != nil {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		log.setAway(nil)
		for range 10 {
			all.Go(func() {
				if err := views.Touch(t.Context(), rootViewsAda); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		expect(t, log, "view/root/ada")
	})
}

// A viewer who goes away while the record is written doesn't take it from those who wait for it as well.
func TestFirstWhoLeavesIsNotTheLast(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		log.takes = time.Second
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _, _ = views.Begin(ctx, rootWatchesAda) }) // may have been in time
		synctest.Wait()
		all.Go(func() {
			if _, err := views.Begin(ctx, rootWatchesAda); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		all.Go(func() {
			end, err := views.Begin(t.Context(), rootWatchesAda)
			if err != nil {
				t.Error(err)
				return
			}
			end()
		})
		synctest.Wait()
		cancel()
		all.Wait()
		expect(t, log, "watch/root/ada")
	})
}

func TestEndsWaitForRedis(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		touch(t, views, rootViewsAda)
		log.setAway(errTest)
		time.Sleep(10 * time.Minute)
		if err := views.Touch(t.Context(), rootViewsAda); !errors.Is(err, errTest) {
			t.Errorf("a view that is over is gone on with: %v", err)
		}
		log.setAway(nil)
		time.Sleep(10 * time.Second)
		expect(t, log, "view/root/ada view-ended/root/ada/1/0s/view")
		touch(t, views, rootViewsAda)
		log.setAway(errTest)
		if err := views.Close(t.Context()); !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCloseWaitsForWhatBegins(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		log.takes = time.Second
		go views.Touch(t.Context(), rootViewsAda) // is a view, or refused
		synctest.Wait()
		if err := views.Close(t.Context()); err != nil {
			t.Error(err)
		}
		expect(t, log, "view/root/ada view-ended/root/ada/1/0s/view")
	})
}

func TestViewsOfOneAccountAreBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, log *notes, views *audit.Viewings) {
		viewing := rootViewsAda
		for n := range audit.MaxViewings {
			viewing.Subject = fmt.Sprint(n)
			touch(t, views, viewing)
		}
		viewing.Subject = "one more"
		if err := views.Touch(t.Context(), viewing); !errors.Is(err, audit.ErrTooManyViewings) {
			t.Errorf("got %v", err)
		}
		viewing.Actor.Name = "eve"
		touch(t, views, viewing)
		time.Sleep(70 * time.Second)
		viewing.Actor.Name = "root"
		touch(t, views, viewing)
	})
}

func TestViewingsInRedis(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		views := audit.NewViewings(log, nil, slog.New(slog.DiscardHandler))
		long := rootViewsAda
		long.Reason = strings.Repeat("x", 1<<20)
		for range 3 {
			touch(t, views, long)
		}
		if err := views.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := everything(t, log)
		if len(got) != 2 || got[0].Action != audit.View || got[0].Address != "192.0.2.1" || got[0].Role != "superuser" || got[0].Via != "browser" {
			t.Fatalf("got %+v", got)
		}
		if got[1].Action != audit.ViewEnded || got[1].Began != got[0].Seq || got[1].Detail != "view" {
			t.Errorf("got %+v", got[1])
		}
	})
}
