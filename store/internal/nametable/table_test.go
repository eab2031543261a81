package nametable

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var now = time.Unix(1_800_000_000, 0)

// times find who was seen within an hour, first those of the last 15 minutes.
var times = Times{Found: now.Add(-time.Hour), First: now.Add(-15 * time.Minute)}

// table has users who have just been seen; "-" before a name is one who was seen half an hour ago, "!" two hours ago.
func table(names string) *Table {
	t := New()
	var users []Name
	for name := range strings.FieldsSeq(names) {
		at := now
		switch name[0] {
		case '-':
			name, at = name[1:], now.Add(-30*time.Minute)
		case '!':
			name, at = name[1:], now.Add(-2*time.Hour)
		}
		users = append(users, Name{name, strings.ToLower(name), at})
	}
	t.Put(users)
	return t
}

func TestContaining(t *testing.T) {
	names := table("Ada adam -ada.lovelace lovelace.ada@example.com canada !adadad bob")
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"ada", 9, "Ada adam lovelace.ada@example.com canada ada.lovelace"},
		{"ada", 2, "Ada adam"},
		{"love", 9, "lovelace.ada@example.com ada.lovelace"},
		{"b", 9, "bob"},
		{"example.com", 9, "lovelace.ada@example.com"},
		{"zoe", 9, ""},
		{"mlovelace", 9, ""}, // of two names
	} {
		if got := strings.Join(names.Containing(test.text, times, test.limit), " "); got != test.want {
			t.Errorf("%q, %d: got %s, want %s", test.text, test.limit, got, test.want)
		}
	}
}

func TestNear(t *testing.T) {
	names := table("kathrin -katrin kathrin.maier@example.com mihcael Ana bo жанна !cathrin ann.lee customer-16 customer.lax@17")
	for text, want := range map[string]string{
		"cathrin":             "kathrin kathrin.maier@example.com katrin",
		"michael":             "mihcael", // two letters have changed places
		"anna":                "Ana ann.lee",
		"mayer":               "kathrin.maier@example.com",
		"catrin.maier@exampl": "",
		"kathrin.mayer":       "kathrin.maier@example.com",
		"жана":                "жанна",
		"bob":                 "bo",
		"customer-17":         "",
		"costumer-16":         "customer-16",
		"customer.laks":       "customer.lax@17",
		"b":                   "",
		"nobody-at-all":       "",
	} {
		if got := strings.Join(names.Near(text, times, 9), " "); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if got := names.Near(strings.Repeat("a", 65), times, 9); got != nil {
		t.Errorf("a long text is near %v", got)
	}
}

func TestPutAgainAndCompact(t *testing.T) {
	names := New()
	at := func(n int) Name {
		return Name{fmt.Sprint("User", n), fmt.Sprint("user", n), now.Add(-time.Duration(n) * time.Minute)}
	}
	for n := range 1000 {
		names.Put([]Name{at(n)})
	}
	back := at(999)
	back.Seen = now
	names.Put([]Name{back, at(999)})
	if names.Len() != 1000 {
		t.Fatalf("%d rows, want 1000", names.Len())
	}
	names.Compact(now.Add(-900 * time.Minute))
	if names.Len() != 1000 {
		t.Errorf("%d rows, although few have expired", names.Len())
	}
	names.Compact(now.Add(-time.Hour))
	if names.Len() != 62 {
		t.Errorf("%d rows are left, want 62", names.Len())
	}
	if got := names.Containing("user999", times, 9); !slices.Equal(got, []string{"User999"}) {
		t.Errorf("found %v", got)
	}
	names.Put([]Name{at(3)})
	if names.Len() != 62 {
		t.Errorf("who is there was added again: %d rows", names.Len())
	}
}

// FuzzDistance compares the bits with the matrix that they stand for.
func FuzzDistance(f *testing.F) {
	f.Add("cathrin", "kathrin")
	f.Add("ab", "ba")
	f.Add("жанна", "жана")
	f.Fuzz(func(t *testing.T, text, name string) {
		if !utf8.ValidString(text) || !utf8.ValidString(name) || text == "" || name == "" || utf8.RuneCountInString(text) > maxNear {
			return
		}
		want := matrixDistance([]rune(text), []rune(name))
		if got := newPattern(text).distance([]byte(name), 1000); got != want {
			t.Errorf("%q and %q: %d, want %d", text, name, got, want)
		}
	})
}

func TestDistanceOfManyWords(t *testing.T) {
	word := func() string {
		letters := make([]rune, 1+rand.IntN(9))
		for i := range letters {
			letters[i] = []rune("abcä")[rand.IntN(4)]
		}
		return string(letters)
	}
	for range 20_000 {
		text, name := word(), word()
		want := matrixDistance([]rune(text), []rune(name))
		if got := newPattern(text).distance([]byte(name), 1000); got != want {
			t.Fatalf("%q and %q: %d, want %d", text, name, got, want)
		}
	}
}

func matrixDistance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// BenchmarkMillion searches a million names.
func BenchmarkMillion(b *testing.B) {
	syllables := strings.Fields("ma ri ka lo an ju ste fan ber ta hel ga mo na so fi el len da vid no ah lu cas em il pe ter")
	names := New()
	users := make([]Name, 1_000_000)
	for i := range users {
		name := fmt.Sprint(syllables[rand.IntN(len(syllables))], syllables[rand.IntN(len(syllables))], syllables[rand.IntN(len(syllables))], i)
		users[i] = Name{name, name, now.Add(-time.Duration(rand.IntN(3600)) * time.Second)}
	}
	names.Put(users)
	for _, text := range []string{"a", "ma", "marika", "arika77", "nobody"} {
		b.Run("containing="+text, func(b *testing.B) {
			for b.Loop() {
				names.Containing(text, times, 30)
			}
		})
	}
	for _, text := range []string{"maqika777777", "qaloan", "steqfan1", "marika.lovelace@example.com"} {
		b.Run("near="+text, func(b *testing.B) {
			for b.Loop() {
				names.Near(text, times, 30)
			}
		})
	}
}
