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

// indexParts is over how many parts the user index of a Cluster is spread by default.
const indexParts = 16

// BenchmarkSearch measures how long the admin takes to answer what is typed into its search field, among a million names (20,000
// with -short). The first search reads all names into memory. Then come beginnings of names, letters from their middle, and
// names with a wrong letter. Then the same with an index that is spread over parts, the home page, and beginnings where most names
// have expired and are still in the index.
func BenchmarkSearch(b *testing.B) {
	s := newSite(b)
	names := inventNames(1_000_000)
	if testing.Short() {
		names = names[:20_000]
	}
	s.index(b, names, time.Now(), 50*time.Minute)
	b.Run("first", func(b *testing.B) {
		s.search(b, func() string { return names[0][2:] })
	})
	s.searchAll(b, "", names)
	began := time.Now()
	if err := s.logs.SpreadIndex(b.Context(), indexParts); err != nil {
		b.Fatal(err)
	}
	b.Logf("spread %d users over %d parts in %s", len(names), indexParts, time.Since(began).Round(time.Second))
	s.searchAll(b, "parts-", names)
	b.Run("parts-home", func(b *testing.B) {
		s.measure(b, func() string { return "/userlog/" }, names[0][:1])
	})
	b.Run("expired", func(b *testing.B) {
		s := newSite(b)
		expired := func(name string) bool { return strings.EqualFold(name[:1], "m") }
		s.index(b, slices.DeleteFunc(slices.Clone(names), expired), time.Now(), 50*time.Minute)
		s.index(b, slices.DeleteFunc(names, func(name string) bool { return !expired(name) }), time.Unix(0, 0), 0)
		s.search(b, func() string { return "m" }) // those that have it elsewhere
	})
}

// searchAll searches for beginnings of several lengths, for letters from the middle of a name, and for names with a wrong letter.
func (s *site) searchAll(b *testing.B, prefix string, names []string) {
	for _, c := range []struct {
		name  string
		typed func(name []rune) []rune
	}{
		{"letters=1", func(name []rune) []rune { return name[:1] }},
		{"letters=3", func(name []rune) []rune { return name[:3] }},
		{"letters=8", func(name []rune) []rune { return name[:min(8, len(name))] }},
		{"inside", func(name []rune) []rune { return name[2 : len(name)-2] }},
		{"near", func(name []rune) []rune { return slices.Replace(name, 3, 4, 'q') }}, // which no name has
	} {
		b.Run(prefix+c.name, func(b *testing.B) {
			s.search(b, func() string { return string(c.typed([]rune(names[rand.IntN(len(names))]))) })
		})
	}
}

// search asks for names that fit what is typed, of which there are some.
func (s *site) search(b *testing.B, typed func() string) {
	s.measure(b, func() string { return "/userlog/users?" + url.Values{"q": {typed()}}.Encode() }, `role="option"`)
}

// measure asks for addresses, whose answers contain what is wanted.
func (s *site) measure(b *testing.B, address func() string, want string) {
	took := start.NewHistogram()
	for b.Loop() {
		r := s.get(address(), "identity")
		began := time.Now()
		body := s.serve(b, r, http.StatusOK).Body.String()
		took.Since(began)
		if !strings.Contains(body, want) {
			b.Fatalf("%s: answered %s", r.URL, body)
		}
	}
	b.ReportMetric(0, "ns/op")
	took.Report(b, "")
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

// index writes the user index as if each user had been seen last some time before the end, or at most span earlier.
func (s *site) index(b *testing.B, names []string, end time.Time, span time.Duration) {
	b.Helper()
	for batch := range slices.Chunk(names, 5000) {
		seen, named := make([]redis.Z, len(batch)), make([]redis.Z, len(batch))
		for i, name := range batch {
			at := end.Add(-time.Duration(rand.Float64() * float64(span)))
			seen[i] = redis.Z{Score: float64(at.UnixMilli()), Member: name}
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
