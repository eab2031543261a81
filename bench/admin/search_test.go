package admin

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

// BenchmarkSearch measures how long the admin takes to answer a beginning of a name in its search field, among a million
// names (20,000 with -short), and where most of those that begin so have expired and are still in the index.
func BenchmarkSearch(b *testing.B) {
	s := newSite(b)
	names := inventNames(1_000_000)
	if testing.Short() {
		names = names[:20_000]
	}
	s.index(b, names, float64(time.Now().UnixMilli()))
	for _, length := range []int{1, 3, 8} {
		b.Run("letters="+strconv.Itoa(length), func(b *testing.B) {
			s.search(b, true, func() string {
				letters := []rune(names[rand.IntN(len(names))])
				return string(letters[:min(length, len(letters))])
			})
		})
	}
	b.Run("expired", func(b *testing.B) {
		s.index(b, slices.DeleteFunc(names, func(name string) bool { return !strings.EqualFold(name[:1], "m") }), 1)
		s.search(b, false, func() string { return "m" })
	})
}

// search asks for names that begin as typed. There have to be some, or none.
func (s *site) search(b *testing.B, some bool, typed func() string) {
	took := start.Histogram()
	for b.Loop() {
		r := s.get("/userlog/users?"+url.Values{"q": {typed()}}.Encode(), "identity")
		began := time.Now()
		body := s.serve(b, r, http.StatusOK).Body.String()
		_ = took.RecordValue(time.Since(began).Nanoseconds())
		if strings.Contains(body, `role="option"`) != some {
			b.Fatalf("%s: answered %s", r.URL, body)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took.ValueAtQuantile(50)), "p50-ns")
	b.ReportMetric(float64(took.ValueAtQuantile(99)), "p99-ns")
}

// inventNames returns different names. Half of them have a capital letter and accents.
func inventNames(n int) []string {
	syllables := strings.Fields("ma ri ka lo an ju ste fan ber ta hel ga mo na so fi el len da vid no ah lu cas em il pe ter")
	names := make([]string, n)
	for i := range names {
		for range 3 {
			names[i] += syllables[rand.IntN(len(syllables))]
		}
		names[i] += strconv.Itoa(i)
		if i%2 == 0 {
			names[i] = strings.ToUpper(names[i][:1]) + strings.ReplaceAll(names[i][1:], "a", "á")
		}
	}
	return names
}

// index writes the user index as if each user had been seen at a time in Unix milliseconds.
func (s *site) index(b *testing.B, names []string, at float64) {
	b.Helper()
	for batch := range slices.Chunk(names, 5000) {
		seen, named := make([]redis.Z, len(batch)), make([]redis.Z, len(batch))
		for i, name := range batch {
			seen[i] = redis.Z{Score: at, Member: name}
			named[i] = redis.Z{Member: strings.ReplaceAll(strings.ToLower(name), "á", "a") + "\x00" + name}
		}
		pipe := s.logs.Client().Pipeline()
		pipe.ZAdd(b.Context(), s.logs.KeyPrefix()+"users", seen...)
		pipe.ZAdd(b.Context(), s.logs.KeyPrefix()+"names", named...)
		if _, err := pipe.Exec(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
