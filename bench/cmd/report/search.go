package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/store"
)

// How the search is measured.
const (
	searchedNames = 1_000_000
	searches      = 1000 // for each length of prefix
	searchLimit   = 50 * time.Millisecond
	fillBatch     = 5000
)

// measureSearch fills Redis with names and measures how long the admin takes to answer what is typed into
// its search field, the beginning of one; also where all that begin so have expired and none has been removed.
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
	admin, site, err := openToAll(logs)
	if err != nil {
		return nil, err
	}
	defer admin.Close(ctx)
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
			letters := []rune(names[random.IntN(len(names))].name)
			d, err := suggest(ctx, site, string(letters[:min(length, len(letters))]), true)
			if err != nil {
				return nil, err
			}
			took = append(took, d)
		}
		findings = append(findings, searchFinding(fmt.Sprintf("%d names, a prefix of %d", len(names), length), took))
	}
	hidden, err := searchExpired(ctx, l, logs, site, names)
	if err != nil {
		return nil, err
	}
	return append(findings, hidden), nil
}

// searchExpired lets all names with the most frequent first letter expire, and searches for it.
func searchExpired(ctx context.Context, l lab, logs *store.Store, site http.Handler, names []invented) (finding, error) {
	var expired []redis.Z
	for _, n := range names {
		if n.folded[0] == 'm' {
			expired = append(expired, redis.Z{Score: 1, Member: n.name})
		}
	}
	for rest := expired; len(rest) > 0; rest = rest[min(fillBatch, len(rest)):] {
		if err := logs.Client().ZAdd(ctx, logs.KeyPrefix()+"users", rest[:min(fillBatch, len(rest))]...).Err(); err != nil {
			return finding{}, fmt.Errorf("let names expire: %w", err)
		}
	}
	var took []time.Duration
	for range max(int(l.scale*searches/10), 20) {
		d, err := suggest(ctx, site, "m", false)
		if err != nil {
			return finding{}, err
		}
		took = append(took, d)
	}
	return searchFinding(fmt.Sprintf("%d names, a prefix of 1 with which %d have expired", len(names), len(expired)), took), nil
}

// openToAll is an admin that takes everybody for a superuser, and what serves it. Close the admin.
func openToAll(logs *store.Store) (*handlers.Admin, http.Handler, error) {
	admin, err := handlers.New(logs, handlers.Options{
		Identify: func(*gin.Context) (string, auth.Role) { return "root", auth.Superuser },
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("build the admin: %w", err)
	}
	gin.SetMode(gin.ReleaseMode)
	site := gin.New()
	admin.Mount(site)
	return admin, site, nil
}

// suggest asks for the names that begin as typed, and returns how long the answer took. There have to be
// some, or none.
func suggest(ctx context.Context, site http.Handler, typed string, some bool) (time.Duration, error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/users?"+url.Values{"q": {typed}}.Encode(), nil)
	w := httptest.NewRecorder()
	began := time.Now()
	site.ServeHTTP(w, r)
	took := time.Since(began)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `role="option"`) != some {
		return 0, fmt.Errorf("search for %q: answered %d, %s", typed, w.Code, w.Body)
	}
	return took, nil
}

func searchFinding(what string, took []time.Duration) finding {
	p50, p99 := percentile(took, 50), percentile(took, 99)
	return finding{
		what: "search: " + what, must: "p99 ≤ " + milliseconds(searchLimit),
		measured: fmt.Sprintf("p50 %s, p99 %s", milliseconds(p50), milliseconds(p99)), met: p99 <= searchLimit,
	}
}

// invented is a name of somebody, and what the search takes it for.
type invented struct{ name, folded string }

// inventNames returns n different names of people, many with capital letters and accents.
func inventNames(n int) []invented {
	syllables := strings.Fields("ma ri ka lo an ju ste fan ber ta hel ga mo na so fi el len da vid no ah lu cas em il pe ter")
	random := rand.New(rand.NewPCG(3, 4))
	names := make([]invented, n)
	for i := range names {
		var b strings.Builder
		for range 2 + random.IntN(3) {
			b.WriteString(syllables[random.IntN(len(syllables))])
		}
		folded := b.String() + strconv.Itoa(i)
		name := folded
		if i%2 == 0 {
			name = strings.ToUpper(name[:1]) + strings.NewReplacer("a", "á", "e", "é").Replace(name[1:])
		}
		names[i] = invented{name, folded}
	}
	return names
}

// fillNames writes the index of users as if each had been seen just now.
func fillNames(ctx context.Context, logs *store.Store, names []invented) error {
	now := float64(time.Now().UnixMilli())
	for rest := names; len(rest) > 0; rest = rest[min(fillBatch, len(rest)):] {
		batch := rest[:min(fillBatch, len(rest))]
		seen, named := make([]redis.Z, len(batch)), make([]redis.Z, len(batch))
		for i, n := range batch {
			seen[i], named[i] = redis.Z{Score: now, Member: n.name}, redis.Z{Member: n.folded + "\x00" + n.name}
		}
		pipe := logs.Client().Pipeline()
		pipe.ZAdd(ctx, logs.KeyPrefix()+"users", seen...)
		pipe.ZAdd(ctx, logs.KeyPrefix()+"names", named...)
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("fill the index of users: %w", err)
		}
	}
	return nil
}
