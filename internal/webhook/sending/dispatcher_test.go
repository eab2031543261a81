package sending_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/internal/webhook/sending"
)

// receiver is a destination that notes what it gets.
type receiver struct {
	t      *testing.T
	url    string
	answer func(attempt int) int // the status for the so manieth request; 0 = it hangs until the sender gives up

	mu       sync.Mutex
	ids      []string // in the order of their arrival
	attempts int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, answer: func(int) int { return http.StatusNoContent }}
	r.url = serve(t, r.receive)
	return r
}

func (r *receiver) receive(w http.ResponseWriter, request *http.Request) {
	io.Copy(io.Discard, request.Body) // or else the end of the sender would not be noticed
	r.mu.Lock()
	r.attempts++
	r.ids = append(r.ids, request.Header.Get("Webhook-Id"))
	status := r.answer(r.attempts)
	r.mu.Unlock()
	if status == 0 {
		<-request.Context().Done()
		return
	}
	w.WriteHeader(status)
}

// destination is this receiver.
func (r *receiver) destination() sending.Destination {
	return destination(r.t, `url = "`+r.url+`"`, `secret = "`+secret+`"`)
}

// received are the ids of what has come, sorted.
func (r *receiver) received() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := slices.Clone(r.ids)
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// await waits until so many requests have come, and returns their ids.
func (r *receiver) await(n int) string {
	r.t.Helper()
	redistest.Eventually(r.t, "the requests come", func() bool { return len(strings.Fields(r.received())) >= n })
	return r.received()
}

// process is what a program has of webhooks.
type process struct {
	queue      *sending.Queue
	notes      webhook.Reader
	dispatcher *sending.Dispatcher
	log        *bytes.Buffer // to be read after the end
	end        func()
}

func newProcess(t *testing.T, client redis.UniversalClient, to ...sending.Destination) *process {
	t.Helper()
	p := &process{queue: sending.NewQueue(client, keys), notes: notes(client), log: new(bytes.Buffer), end: func() {}}
	p.dispatcher = sending.NewDispatcher(sending.DispatcherOptions{
		Queue: p.queue, Sender: sender(t), Destinations: func() []sending.Destination { return to },
		Log: slog.New(slog.NewTextHandler(p.log, nil)),
	})
	return p
}

// run runs the dispatcher until end is called, or the test ends.
func (p *process) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.dispatcher.Run(ctx)
	}()
	p.end = func() { cancel(); <-ended }
	t.Cleanup(p.end)
}

// post posts a message about itself.
func (p *process) post(t *testing.T, id string, at time.Time) {
	t.Helper()
	lead(t, p.queue)
	if err := p.dispatcher.Post(t.Context(), id, at, sending.Message{ID: id, Time: at}); err != nil {
		t.Fatal(err)
	}
}

// hurry has what waits for the next attempt be due, as when its pause is over.
func (p *process) hurry(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	for _, id := range client.ZRange(t.Context(), keys.Queue("to"), 0, -1).Val() {
		client.ZAdd(t.Context(), keys.Queue("to"), redis.Z{Member: id})
	}
	p.dispatcher.Wake()
}

// state is how sending to the destination goes.
func (p *process) state(t *testing.T) webhook.State {
	t.Helper()
	states, err := p.notes.States(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(states) == 0 {
		return webhook.State{}
	}
	return states[0]
}

// Several processes send what one has posted, each message once.
func TestSeveralProcessesSendOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newReceiver(t)
		one, other, third := newProcess(t, client, r.destination()), newProcess(t, client, r.destination()), newProcess(t, client, r.destination())
		other.run(t)
		third.run(t)
		var want []string
		for i := range 40 {
			id := "m" + string(rune('0'+i/10)) + string(rune('0'+i%10))
			want = append(want, id)
			one.post(t, id, time.Now())
		}
		one.run(t)
		other.dispatcher.Wake()
		third.dispatcher.Wake()
		if got := r.await(len(want)); got != strings.Join(want, " ") {
			t.Errorf("received %q", got)
		}
		redistest.Eventually(t, "all are settled", func() bool { return client.ZCard(t.Context(), keys.Queue("to")).Val() == 0 })
		sent := uint64(0)
		for _, p := range []*process{one, other, third} {
			p.end()
			sent += p.dispatcher.Counts()["to"].Sent
		}
		if got := r.received(); sent != 40 || got != strings.Join(want, " ") {
			t.Errorf("%d are counted, and received are %q", sent, got)
		}
		if s := one.state(t); s.Sent.IsZero() || s.Failing() || client.Exists(t.Context(), keys.Messages("to")).Val() != 0 {
			t.Errorf("the state is %+v", s)
		}
	})
}

// What fails is tried again, with the same id, until it is taken. The state tells of it meanwhile.
func TestMessagesAreSentAgain(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newReceiver(t)
		r.answer = func(attempt int) int { return []int{500, 429, 408, 503, 200}[attempt-1] }
		p := newProcess(t, client, r.destination())
		p.post(t, "m", time.Now())
		p.run(t)
		for n := 1; n < 5; n++ {
			r.await(n)
			var s webhook.State
			redistest.Eventually(t, "the attempt is noted", func() bool {
				s = p.state(t)
				return s.Failed >= n || !s.Sent.IsZero()
			})
			if !s.Sent.IsZero() {
				break // a busy machine looks when the next attempts were due by themselves
			}
			if s.Failing() != (s.Failed >= 3) || s.Lost != 0 || s.At.IsZero() || s.Status != []int{500, 429, 408, 503}[s.Failed-1] {
				t.Errorf("after %d attempts the state is %+v", s.Failed, s)
			}
			p.hurry(t, client)
		}
		if got := r.await(5); got != "m m m m m" {
			t.Errorf("received %q", got)
		}
		redistest.Eventually(t, "that is noted", func() bool { return !p.state(t).Sent.IsZero() })
		p.end()
		if c := p.dispatcher.Counts()["to"]; c != (sending.Counts{Sent: 1, Retried: 4}) || p.state(t).Failed != 0 || strings.Count(p.log.String(), "is tried again") != 4 || strings.Contains(p.log.String(), r.url) {
			t.Errorf("counted is %+v, the state is %+v, and the log says %s", c, p.state(t), p.log)
		}
	})
}

// What is refused for good, or is too old, is given up, and told.
func TestMessagesAreGivenUp(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		status int
		age    time.Duration // of the message at the attempt
	}{
		"refused": {status: http.StatusGone},
		"moved":   {status: http.StatusPermanentRedirect},
		"too old": {http.StatusInternalServerError, sending.MaxAge - 3*time.Second}, // which is less than any pause
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			client := redistest.Patient(t, redistest.Start(t).Client(t))
			r := newReceiver(t)
			p := newProcess(t, client, r.destination())
			r.answer = func(int) int { return c.status }
			p.post(t, "m", time.Now().Add(-c.age))
			p.run(t)
			redistest.Eventually(t, "it is given up", func() bool { return p.state(t).Lost == 1 })
			p.end()
			if got := p.dispatcher.Counts()["to"]; got != (sending.Counts{Lost: 1}) || !p.state(t).Failing() || r.received() != "m" || !strings.Contains(p.log.String(), "is given up") {
				t.Errorf("counted is %+v, the state is %+v, received %q, and the log says %s", got, p.state(t), r.received(), p.log)
			}
		})
	}
}

// What waited for longer than it helps, as where no process ran for hours, is given up unsent: its text would be read as news.
func TestOldMessagesAreNotSent(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newReceiver(t)
		p := newProcess(t, client, r.destination())
		p.post(t, "old", time.Now().Add(-sending.MaxAge-time.Minute))
		p.post(t, "new", time.Now())
		p.run(t)
		r.await(1)
		redistest.Eventually(t, "the queue is empty", func() bool { return client.Exists(t.Context(), keys.Queue("to")).Val() == 0 })
		p.end()
		if got := p.dispatcher.Counts()["to"]; got != (sending.Counts{Sent: 1, Lost: 1}) || r.received() != "new" || !strings.Contains(p.log.String(), "is given up") {
			t.Errorf("counted is %+v, received %q, and the log says %s", got, r.received(), p.log)
		}
	})
}

// A process that dies, or hangs, while it sends leaves its message to another one. What it says later counts no more.
func TestAnotherProcessTakesOver(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newReceiver(t)
		r.answer = func(attempt int) int { return []int{0, http.StatusInternalServerError, http.StatusOK}[attempt-1] }
		dying, other := newProcess(t, client, r.destination()), newProcess(t, client, r.destination())
		dying.post(t, "m", time.Now())
		dying.run(t)
		r.await(1)
		other.run(t)
		other.dispatcher.Wake()
		if taken := client.ZScore(t.Context(), keys.Queue("to"), "m").Val(); time.UnixMilli(int64(taken)).Before(time.Now().Add(5 * time.Second)) {
			t.Errorf("it is taken until %v", time.UnixMilli(int64(taken)))
		}
		other.hurry(t, client) // its time is over
		r.await(2)
		redistest.Eventually(t, "it waits for the next attempt", func() bool { return other.state(t).Failed == 1 })
		waits := client.ZScore(t.Context(), keys.Queue("to"), "m").Val()
		dying.end()
		if now := client.ZScore(t.Context(), keys.Queue("to"), "m").Val(); now != waits {
			t.Errorf("the first process has changed when the next attempt is due by %v ms", now-waits)
		}
		other.hurry(t, client)
		if got := r.await(3); got != "m m m" {
			t.Errorf("received %q", got)
		}
		redistest.Eventually(t, "it is delivered", func() bool { return !other.state(t).Sent.IsZero() })
		if n := client.ZCard(t.Context(), keys.Queue("to")).Val(); n != 0 || other.state(t).Failed != 0 || dying.dispatcher.Counts()["to"] != (sending.Counts{}) {
			t.Errorf("%d messages wait, the state is %+v, and the first process counts %+v", n, other.state(t), dying.dispatcher.Counts())
		}
	})
}

// A program that ends while a receiver hangs leaves the message to others at once, as if it had not been tried.
func TestTheEndReleasesMessages(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	r := newReceiver(t)
	r.answer = func(attempt int) int { return min(attempt-1, 1) * 200 }
	p, next := newProcess(t, client, r.destination()), newProcess(t, client, r.destination())
	p.post(t, "m", time.Now())
	p.run(t)
	r.await(1)
	p.end()
	if s := p.state(t); s != (webhook.State{}) {
		t.Errorf("the state is %+v", s)
	}
	next.run(t)
	r.await(2)
	redistest.Eventually(t, "it is delivered", func() bool { return !next.state(t).Sent.IsZero() })
	next.end()
	if c := next.dispatcher.Counts()["to"]; c != (sending.Counts{Sent: 1}) {
		t.Errorf("counted is %+v", c)
	}
}

// One destination that hangs delays no other.
func TestADestinationThatHangsDelaysNoOther(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	hanging, quick := newReceiver(t), newReceiver(t)
	hanging.answer = func(int) int { return 0 }
	other := quick.destination()
	other.Name = "zz"
	p := newProcess(t, client, hanging.destination(), other)
	for _, id := range []string{"m1", "m2", "m3"} {
		p.post(t, id, time.Now())
	}
	p.run(t)
	if got := quick.await(3); got != "m1 m2 m3" {
		t.Errorf("received %q", got)
	}
}

// Pauses double, differ, and are bounded.
func TestPauses(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 3: 20 * time.Second, 7: 320 * time.Second, 8: sending.MaxPause, 100: sending.MaxPause} {
		seen := make(map[time.Duration]bool)
		for range 50 {
			pause := sending.PauseAfter(attempt)
			if seen[pause] = true; pause < want*4/5 || pause > want*6/5 {
				t.Errorf("after attempt %d: %v, want %v", attempt, pause, want)
			}
		}
		if len(seen) < 2 {
			t.Errorf("after attempt %d all pauses are alike", attempt)
		}
	}
}

// What is no message of ours is put away, and what waits for ever by a wrong clock is sent.
func TestQueuesWithOddContents(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newReceiver(t)
		p := newProcess(t, client, r.destination())
		for id, line := range map[string]string{"odd1": "garbage", "odd2": "0 - {", "odd3": ""} {
			client.ZAdd(t.Context(), keys.Queue("to"), redis.Z{Member: id})
			if line != "" {
				client.HSet(t.Context(), keys.Messages("to"), id, line)
			}
		}
		p.post(t, "late", time.Now())
		client.ZAdd(t.Context(), keys.Queue("to"), redis.Z{Score: 1e15, Member: "late"})
		p.run(t)
		p.dispatcher.Wake()
		if got := r.await(1); got != "late" {
			t.Errorf("received %q", got)
		}
		redistest.Eventually(t, "the queue is empty", func() bool {
			p.dispatcher.Wake()
			return client.ZCard(t.Context(), keys.Queue("to")).Val() == 0 && client.HLen(t.Context(), keys.Messages("to")).Val() == 0
		})
	})
}
