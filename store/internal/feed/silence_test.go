package feed

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store/internal/keys"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

func TestSilenceIsConfirmed(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	s := silence{tolerated: time.Minute, confirmed: 20 * time.Second}
	for _, step := range []struct {
		seconds   int
		reporting bool
		total     bool
	}{
		{0, true, false},
		{5, false, false},
		{20, false, false},
		{25, false, true},
		{30, true, false},
		{35, false, false},
		{54, false, false},
		{55, false, true},
	} {
		if got := s.answered(step.reporting, at(step.seconds)); got != step.total {
			t.Errorf("after %d s: %v", step.seconds, got)
		}
	}
	s.heardAt = at(60)
	if s.answered(false, at(119)) || s.answered(false, at(121)) || !s.answered(false, at(141)) {
		t.Error("a request is not a sign of life for a minute, or for longer")
	}
	s.interrupt()
	if s.answered(false, at(145)) {
		t.Error("what was known before an interruption still counts")
	}
}

// What was known when the last viewer left may have been long ago when the next comes.
func TestSilenceIsForgottenWithoutViewers(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	defer f.Close()
	f.silence.since, f.silence.total = time.Now(), true
	f.proceed(time.Now())
	if f.silence.total || !f.silence.since.IsZero() {
		t.Errorf("it is still known: %+v", f.silence)
	}
}

// onRedis are options of a feed on a Redis of its own, whose lines are their own ids.
func onRedis(t *testing.T) Options {
	t.Helper()
	names, err := keys.New("userlog:", "userlog:")
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Client: redistest.Start(t).Client(t), Keys: names, MaxEntries: modelList, Retention: time.Hour, Log: slog.New(slog.DiscardHandler),
		Decode:  func(_, line string) (Line, error) { return Line{ID: line}, nil },
		Reports: func(context.Context, Reports) (Reports, error) { return Reports{Reporting: true}, nil },
	}
}

func TestViewersAreToldOfSilence(t *testing.T) {
	t.Parallel()
	var reporting atomic.Bool
	options := onRedis(t)
	options.Reports = func(context.Context, Reports) (Reports, error) { return Reports{Reporting: reporting.Load()}, nil }
	// The first answer is believed at once, and counts for what was heard before it.
	options.ReportInterval, options.Silence = -silenceInterval, time.Nanosecond
	f := New(options)
	defer f.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	subscribe := func() *Subscription {
		t.Helper()
		s, err := f.Subscribe("ada", "")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	until := func(s *Subscription, want State) {
		t.Helper()
		for {
			u, err := s.Next(ctx)
			if err != nil {
				t.Fatalf("%v is not told: %v", want, err)
			}
			if u.State == want {
				return
			}
		}
	}
	first := subscribe()
	until(first, Silent)
	until(subscribe(), Silent) // who comes later is told at once
	reporting.Store(true)
	if err := options.Client.Publish(ctx, options.Keys.LogChannel("ada"), "1").Err(); err != nil {
		t.Fatal(err)
	}
	until(first, Live)
}

// What applications have said of themselves holds until something else is read.
func TestWhatIsKnownOfApplicationsHolds(t *testing.T) {
	t.Parallel()
	said := Reports{Reporting: true, Shortest: 25, NoPublish: true, Off: true}
	var fails error
	f := New(Options{ReportInterval: time.Minute, Reports: func(_ context.Context, known Reports) (Reports, error) {
		if known == (Reports{}) {
			return said, nil
		}
		return known, fails
	}})
	defer f.Close()
	ada := newTopic("ada", f.options)
	f.topics[ada.username] = ada
	for _, fails = range []error{nil, nil, errors.New("a master is away")} {
		f.unpublishedUntil = time.Time{}
		f.listen(time.Now())
		(<-f.results)()
		f.followLists(time.Now())
		if f.reports != said || !ada.off || !ada.unpublished {
			t.Errorf("with %v: %+v; off %v, unpublished %v", fails, f.reports, ada.off, ada.unpublished)
		}
	}
}

func TestAShortListIsFullWhereLessIsKept(t *testing.T) {
	t.Parallel()
	f := New(Options{Decode: func(_, line string) (Line, error) { return Line{ID: line}, nil }})
	defer f.Close()
	lines := make([]string, 25)
	for i := range lines {
		lines[i] = strconv.Itoa(i)
	}
	if f.snapshotOf("ada", lines, nil, time.Hour, 25).reaches(nil) {
		t.Error("25 entries of at most 25 are taken for all there were")
	}
	if !f.snapshotOf("ada", lines, nil, time.Hour, 100).reaches(nil) || !f.snapshotOf("ada", lines[:24], nil, time.Hour, 25).reaches(nil) {
		t.Error("a list that is not full is taken for one that was cut off")
	}
}
