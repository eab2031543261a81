package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// How long entries gather.
const (
	gatherTime    = 10 * time.Millisecond  // from the start of one batch to the next, unless it is full
	unwatchedTime = 800 * time.Millisecond // the same where nobody watches, and entries keep coming
	steadyTime    = time.Second            // entries keep coming if they have for so long,
	steadyGap     = 2 * time.Second        // and if no more than this lay between two batches
	watchInterval = 2 * time.Second        // for so long the answer holds that nobody watches
	refusedTime   = time.Minute            // so much later the question is asked again, if Redis has not answered it
	heardTime     = 15 * time.Second       // for so long after an entry was heard, somebody is taken to watch
)

// pace decides how long a writer lets entries gather: longer while nobody watches, since a batch costs as much as many entries. While
// it is not known whether anybody watches, somebody may. It belongs to the writer's goroutine.
//
// Each feed that has viewers is subscribed to one channel, on which nothing is published. So Redis itself counts those feeds. The
// writer first asks Redis for that count alone, and from the first answer on in the round trip of each batch. In a transaction, a
// question that the access list forbids would make the whole transaction fail.
type pace struct {
	since    time.Time // when entries began to keep coming
	last     time.Time // when the last batch began
	askedAt  time.Time // when the question was last asked alone
	answers  bool      // Redis has answered it
	nobodyAt time.Time // when Redis last said that nobody watches; zero = somebody may
	heardAt  time.Time // when somebody last heard an entry of this writer
}

// begin notes that a batch begins. viewers is the channel, or "" where no channel tells whether anybody watches.
func (p *pace) begin(client redis.Cmdable, viewers string, now time.Time) {
	if now.Sub(p.last) > steadyGap {
		p.since = now
	}
	p.last = now
	if viewers == "" {
		p.forget()
	}
	if viewers == "" || p.answers || now.Sub(p.since) < steadyTime || now.Sub(p.askedAt) < watchInterval {
		return
	}
	p.askedAt = now
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	p.take(client.PubSubNumSub(ctx, viewers))
	if !p.answers {
		p.askedAt = now.Add(refusedTime)
	}
}

// queue queues the question, if Redis is known to answer it, and returns it or nil.
func (p *pace) queue(ctx context.Context, pipe redis.Pipeliner, viewers string) *redis.MapStringIntCmd {
	if !p.answers || p.last.Sub(p.since) < steadyTime {
		return nil
	}
	return pipe.PubSubNumSub(ctx, viewers)
}

// take takes the answer. After an error the question is asked alone the next time.
func (p *pace) take(answer *redis.MapStringIntCmd) {
	if answer == nil {
		return
	}
	p.forget()
	if counts, err := answer.Result(); err == nil && len(counts) == 1 {
		p.answers = true
		for _, feeds := range counts {
			if feeds == 0 {
				p.nobodyAt = p.last
			}
		}
	}
}

// forget forgets what Redis has answered.
func (p *pace) forget() { p.answers, p.nobodyAt = false, time.Time{} }

// heard notes that somebody has heard an entry. An admin of an older version, for example, is not subscribed to the channel, and hears entries.
func (p *pace) heard() { p.heardAt = p.last }

// unwatched reports whether entries may gather for longer.
func (p *pace) unwatched() bool {
	return p.last.Sub(p.nobodyAt) <= watchInterval && p.last.Sub(p.heardAt) > heardTime
}

// due is when the next batch may begin.
func (p *pace) due() time.Time {
	if p.unwatched() {
		return p.last.Add(unwatchedTime)
	}
	return p.last.Add(gatherTime)
}
