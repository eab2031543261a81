package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How a log with many viewers is measured. Between two requests there is a quiet moment.
const (
	oneLogRequests = 36
	oneLogInterval = 125 * time.Millisecond
)

// crowd is a number of viewers of one log, and what django-userlog 0.2 took to reach half of them.
type crowd struct {
	viewers int
	django  time.Duration
}

// measureOneLog has more and more viewers watch one user, and measures when they see a request that
// is finished, and how long the user waits for the answer; and next to it when as many viewers of a plain loop
// see a line, which neither Redis nor a page is in the way of.
func measureOneLog(ctx context.Context, l lab) ([]finding, error) {
	return withUserlog(ctx, func(_ *redisServer, s *liveServer) ([]finding, error) {
		plain, err := startLive(kindLoop, "")
		if err != nil {
			return nil, err
		}
		defer plain.stop()
		var ours, theirs audience
		defer ours.leave()
		defer theirs.leave()
		var findings []finding
		var alone time.Duration // p50 of the answer with one viewer
		requests := max(int(l.scale*oneLogRequests), 4)
		for _, c := range []crowd{
			{1, 0}, {100, 9 * time.Millisecond}, {1000, 92 * time.Millisecond}, {2000, 197 * time.Millisecond},
		} {
			fmt.Fprintf(l.progress, "  %d viewers\n", c.viewers)
			if err := errors.Join(c.gather(ctx, &ours, s, watchedUser), c.gather(ctx, &theirs, plain, userNumber(0))); err != nil {
				return nil, err
			}
			r, answers, err := s.browse(ctx, requests)
			if err != nil {
				return nil, err
			}
			t := ours.tally(r)
			r, err = plain.load(ctx, burst{Users: 1, Rate: int(time.Second / oneLogInterval), For: time.Duration(requests) * oneLogInterval})
			if err != nil {
				return nil, err
			}
			if c.viewers == 1 {
				alone = percentile(answers, 50)
			}
			findings = append(findings, c.finding(t, answers, alone), c.comparison(t, theirs.tally(r)))
		}
		return findings, nil
	})
}

// gather has as many watch a user as the crowd has.
func (c crowd) gather(ctx context.Context, viewers *audience, s *liveServer, username string) error {
	queries := make([]url.Values, c.viewers-len(viewers.spectators))
	for i := range queries {
		queries[i] = url.Values{"username": {username}}
	}
	return viewers.join(ctx, s, queries)
}

func (c crowd) finding(t tally, answers []time.Duration, alone time.Duration) finding {
	p50, p99, answer := percentile(t.delays, 50), percentile(t.delays, 99), percentile(answers, 50)
	f := finding{
		what: fmt.Sprintf("live: one log, %d viewers: request finished → frame received", c.viewers),
		must: "0 lost",
		measured: fmt.Sprintf("p50 %s, p99 %s, %s; the page's own latency p50 %s, p99 %s", milliseconds(p50), milliseconds(p99),
			t.wrong(), milliseconds(answer), milliseconds(percentile(answers, 99))),
		met: t.right(),
	}
	if c.django > 0 {
		f.must = fmt.Sprintf("p50 and p99 ≤ %s, a quarter of django-userlog's p50; the page's own p50 within 1 ms of that with one viewer", milliseconds(c.django/4))
		f.met = f.met && p50 <= c.django/4 && p99 <= c.django/4 && answer <= alone+time.Millisecond
	}
	return f
}

func (c crowd) comparison(ours, theirs tally) finding {
	p50, p99 := percentile(theirs.delays, 50), percentile(theirs.delays, 99)
	return finding{
		what: fmt.Sprintf("live: the same, %d viewers next to a plain loop without Redis", c.viewers),
		must: "(to be known)",
		measured: fmt.Sprintf("p50 %.1f × of %s, p99 %.1f × of %s", ratio(percentile(ours.delays, 50), p50), milliseconds(p50),
			ratio(percentile(ours.delays, 99), p99), milliseconds(p99)),
		met: true,
	}
}

// browse asks for n pages, one after the other, and returns how long each answer took.
func (s *liveServer) browse(ctx context.Context, n int) (recorded, []time.Duration, error) {
	r := recorded{Began: time.Now().UnixNano(), PerUser: n}
	tick := time.NewTicker(oneLogInterval)
	defer tick.Stop()
	answers := make([]time.Duration, 0, n)
	for i := range n {
		<-tick.C
		sent := time.Now()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/page/"+strconv.Itoa(i), nil)
		if err != nil {
			return recorded{}, nil, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return recorded{}, nil, fmt.Errorf("ask for a page: %w", err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !strings.HasPrefix(string(body), "Thank") {
			return recorded{}, nil, fmt.Errorf("ask for a page: %s, %q, %w", response.Status, body, err)
		}
		answers = append(answers, time.Since(sent))
	}
	return r, answers, nil
}
