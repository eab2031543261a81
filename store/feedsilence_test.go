package store

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestSilenceIsConfirmed(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	var s silence
	for _, step := range []struct {
		seconds   int
		reporting bool
		total     bool
	}{
		{0, true, false}, {5, false, false}, {20, false, false}, {25, false, true}, {30, true, false},
		{35, false, false}, {54, false, false}, {55, false, true},
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
	f := newFeed(nil, Keys{}, Options{})
	defer f.close()
	f.silence.since, f.silence.total = time.Now(), true
	f.proceed(time.Now())
	if f.silence.total || !f.silence.since.IsZero() {
		t.Errorf("it is still known: %+v", f.silence)
	}
}

// onItsOwn returns a store on a server of its own, and a client of that.
func onItsOwn(t *testing.T) (*Store, *redis.Client) {
	t.Helper()
	client := redistest.Start(t).Client(t)
	logs, err := New(client, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = logs.Close(context.Background()) // nothing keeps it from writing what is queued
	})
	return logs, client
}

func TestViewersAreToldOfSilence(t *testing.T) {
	logs, _ := onItsOwn(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := logs.Subscribe("ada", "")
	if err != nil {
		t.Fatal(err)
	}
	expect := func(s *Subscription, want State) {
		t.Helper()
		if u, err := s.Next(ctx); err != nil || u.State != want {
			t.Errorf("state %v, %v; want %v", u.State, err, want)
		}
	}
	expect(s, Live)
	logs.feed.do(func() {
		logs.feed.silence.since = time.Now().Add(-silenceConfirmed) // so that an answer under way agrees
		logs.feed.setSilence(true)
	})
	expect(s, Silent)
	late, err := logs.Subscribe("ada", "")
	if err != nil {
		t.Fatal(err)
	}
	expect(late, Silent)
	logs.Record(Entry{Username: "ada"})
	expect(s, Live)
}

func TestAnyReports(t *testing.T) {
	logs, client := onItsOwn(t)
	ask := func(want bool) {
		t.Helper()
		if got, _, err := logs.feed.anyReports(); err != nil || got != want {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	ask(false)
	key := logs.keys.Application("old")
	client.SAdd(t.Context(), logs.keys.Applications(), "old")
	client.Set(t.Context(), key, `{"application":"old"}`, beatKept-2*Silence)
	ask(false)
	client.Set(t.Context(), key, `{"application":"old"}`, beatKept-Silence/2)
	ask(true)
	client.Del(t.Context(), key)
	ask(false)
	logs.Record(Entry{Username: "ada", Time: time.Now()}) // by an application that sends no heartbeats
	for deadline := time.Now().Add(5 * time.Second); logs.Stats().Queued > 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	client.Del(t.Context(), logs.keys.Applications())
	ask(true)
}

func TestAShortListIsFullWhereLessIsKept(t *testing.T) {
	lines := make([]string, 25)
	for i := range lines {
		lines[i] = `{"id":"` + strconv.Itoa(i) + `","method":"GET","path":"/","code":200}`
	}
	if readingOf("ada", lines, time.Hour, 25).reaches(nil) {
		t.Error("25 entries of at most 25 are taken for all there were")
	}
	if !readingOf("ada", lines, time.Hour, 100).reaches(nil) || !readingOf("ada", lines[:24], time.Hour, 25).reaches(nil) {
		t.Error("a list that is not full is taken for one that was cut off")
	}
	server := redistest.Start(t)
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, max := range []int{25, 40} {
		recording, err := New(server.Client(t), Options{MaxEntries: max, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer recording.Close(t.Context())
		recording.Record(Entry{Username: "ada", Code: 200})
	}
	reader, err := New(server.Client(t), Options{MaxEntries: 100, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, shortest, err := reader.feed.anyReports()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the shortest limit is said to be %d, %v; want 25", shortest, err)
		}
		if shortest == 25 {
			break
		}
	}
}
