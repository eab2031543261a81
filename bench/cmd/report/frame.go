package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// How the way of one entry is measured: each of five users has one viewer and, since frames are
// sent 100 ms apart at least, a quiet moment before each request.
const (
	frameUsers  = 5
	frameRate   = 25
	frameWindow = 14 * time.Second
	quietMoment = 250 * time.Millisecond // longer than what follows a frame gathers
)

// measureFrame measures how long an entry takes from Record to its viewer, and next to it how long a
// message takes from a bare PUBLISH to whoever subscribes, on the same Redis and at the same time.
func measureFrame(ctx context.Context, l lab) ([]finding, error) {
	return withUserlog(ctx, func(redis *redisServer, s *liveServer) ([]finding, error) {
		var viewers audience
		defer viewers.leave()
		if err := viewers.join(ctx, s, watching(frameUsers, frameUsers, "")); err != nil {
			return nil, err
		}
		time.Sleep(quietMoment) // after the viewers' first messages
		load := burst{Users: frameUsers, Rate: frameRate, For: l.lasting(frameWindow)}
		bare := make(chan barePublish, 1)
		go func() { bare <- publishBare(ctx, redis.url, load) }()
		r, err := s.load(ctx, load)
		direct := <-bare
		if err := errors.Join(err, direct.err); err != nil {
			return nil, err
		}
		t := viewers.tally(r)
		p50, p99 := percentile(t.delays, 50), percentile(t.delays, 99)
		b50, b99 := percentile(direct.delays, 50), percentile(direct.delays, 99)
		return []finding{{
			what: "live: request finished → frame received, one viewer, quiet",
			must: "p50 ≤ 3 ms, p99 ≤ 15 ms",
			measured: fmt.Sprintf("p50 %s, p99 %s of %d; %s",
				milliseconds(p50), milliseconds(p99), len(t.delays), t.wrong()),
			met: p50 <= 3*time.Millisecond && p99 <= 15*time.Millisecond && t.right(),
		}, {
			what:     "live: the same, next to a bare Redis PUBLISH → receive",
			must:     "p50 and p99 ≤ 4 ×",
			measured: fmt.Sprintf("p50 %.1f × of %s, p99 %.1f × of %s", ratio(p50, b50), milliseconds(b50), ratio(p99, b99), milliseconds(b99)),
			met:      ratio(p50, b50) <= 4 && ratio(p99, b99) <= 4,
		}}, nil
	})
}

// withUserlog measures with a Redis and an application that has live logs, and ends both.
func withUserlog(ctx context.Context, measure func(*redisServer, *liveServer) ([]finding, error)) ([]finding, error) {
	server, err := startRedis(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	s, err := startLive(kindUserlog, server.url)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	return measure(server, s)
}

// barePublish is what [publishBare] measures.
type barePublish struct {
	delays []time.Duration
	err    error
}

// publishBare publishes at the rate of a load, and measures when each message arrives.
func publishBare(ctx context.Context, url string, load burst) (b barePublish) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return barePublish{err: err}
	}
	client := redis.NewClient(options)
	defer client.Close()
	const channel = "bare"
	pubsub := client.Subscribe(ctx, channel)
	defer pubsub.Close()
	if _, err := pubsub.Receive(ctx); err != nil {
		return barePublish{err: fmt.Errorf("subscribe: %w", err)}
	}
	arrived := make(chan time.Time)
	go func() {
		defer close(arrived)
		for {
			if _, err := pubsub.ReceiveMessage(ctx); err != nil {
				return // the subscription is closed
			}
			arrived <- time.Now()
		}
	}()
	tick := time.NewTicker(time.Second / time.Duration(load.Rate))
	defer tick.Stop()
	for end := time.Now().Add(load.For); time.Now().Before(end); <-tick.C {
		sent := time.Now()
		if err := client.Publish(ctx, channel, stampPath(0, sent)).Err(); err != nil {
			return barePublish{err: fmt.Errorf("publish: %w", err)}
		}
		at, ok := <-arrived
		if !ok {
			return barePublish{err: errors.New("the subscription has ended")}
		}
		b.delays = append(b.delays, at.Sub(sent))
	}
	return b
}
