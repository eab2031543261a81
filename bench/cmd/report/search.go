package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// How the search is measured.
const (
	searchedNames = 1_000_000
	searches      = 1000 // for each length of prefix
	suggestions   = 10   // as many as the home page shows
	searchLimit   = 50 * time.Millisecond
	fillBatch     = 5000
)

// measureSearch fills Redis with names and measures how long a search for the beginning of one takes,
// also where all that begin so have expired and none has been removed.
func measureSearch(ctx context.Context, l lab) ([]finding, error) {
	server, err := startRedis(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	logs, err := store.Open(server.url, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer logs.Close(ctx)
	names := inventNames(max(int(l.scale*searchedNames), 1000))
	fmt.Fprintf(l.progress, "  %d names\n", len(names))
	if err := fillNames(ctx, logs, names); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	var findings []finding
	for _, length := range []int{1, 3, 8} {
		var took []time.Duration
		for range max(int(l.scale*searches), 20) {
			name := names[random.IntN(len(names))]
			began := time.Now()
			found, err := logs.Suggest(ctx, name[:min(length, len(name))], suggestions)
			took = append(took, time.Since(began))
			if err != nil || len(found) == 0 {
				return nil, fmt.Errorf("search for the first %d letters of %q: found %v, %w", length, name, found, err)
			}
		}
		findings = append(findings, searchFinding(fmt.Sprintf("%d names, a prefix of %d", len(names), length), took))
	}
	hidden, err := searchExpired(ctx, l, logs, names)
	if err != nil {
		return nil, err
	}
	return append(findings, hidden), nil
}

// searchExpired lets all names with the most frequent first letter expire, and searches for it.
func searchExpired(ctx context.Context, l lab, logs *store.Store, names []string) (finding, error) {
	var expired []redis.Z
	for _, name := range names {
		if name[0] == 'm' {
			expired = append(expired, redis.Z{Score: 1, Member: name})
		}
	}
	for rest := expired; len(rest) > 0; rest = rest[min(fillBatch, len(rest)):] {
		if err := logs.Client().ZAdd(ctx, logs.Keys().Users(), rest[:min(fillBatch, len(rest))]...).Err(); err != nil {
			return finding{}, fmt.Errorf("let names expire: %w", err)
		}
	}
	var took []time.Duration
	for range max(int(l.scale*searches/10), 20) {
		began := time.Now()
		found, err := logs.Suggest(ctx, "m", suggestions)
		took = append(took, time.Since(began))
		if err != nil || len(found) > 0 {
			return finding{}, fmt.Errorf("search for names that have expired: found %v, %w", found, err)
		}
	}
	return searchFinding(fmt.Sprintf("%d names, a prefix of 1 with which %d have expired", len(names), len(expired)), took), nil
}

func searchFinding(what string, took []time.Duration) finding {
	p50, p99 := percentile(took, 50), percentile(took, 99)
	return finding{
		what: "search: " + what, must: "p99 ≤ " + milliseconds(searchLimit),
		measured: fmt.Sprintf("p50 %s, p99 %s", milliseconds(p50), milliseconds(p99)), met: p99 <= searchLimit,
	}
}

// inventNames returns n different names of people, in ASCII and in small letters, which the search
// takes as they are.
func inventNames(n int) []string {
	syllables := strings.Fields("ma ri ka lo an ju ste fan ber ta hel ga mo na so fi el len da vid no ah lu cas em il pe ter")
	random := rand.New(rand.NewPCG(3, 4))
	names := make([]string, n)
	for i := range names {
		var b strings.Builder
		for range 2 + random.IntN(3) {
			b.WriteString(syllables[random.IntN(len(syllables))])
		}
		names[i] = b.String() + strconv.Itoa(i)
	}
	return names
}

// fillNames writes the index of users as if each had been seen just now.
func fillNames(ctx context.Context, logs *store.Store, names []string) error {
	now := float64(time.Now().UnixMilli())
	for rest := names; len(rest) > 0; rest = rest[min(fillBatch, len(rest)):] {
		batch := rest[:min(fillBatch, len(rest))]
		seen, named := make([]redis.Z, len(batch)), make([]redis.Z, len(batch))
		for i, name := range batch {
			seen[i], named[i] = redis.Z{Score: now, Member: name}, redis.Z{Member: name + "\x00" + name}
		}
		pipe := logs.Client().Pipeline()
		pipe.ZAdd(ctx, logs.Keys().Users(), seen...)
		pipe.ZAdd(ctx, logs.Keys().Names(), named...)
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("fill the index of users: %w", err)
		}
	}
	return nil
}
