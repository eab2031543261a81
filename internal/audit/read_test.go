//go:build unix

package audit_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

func TestPlaceIsReadBack(t *testing.T) {
	t.Parallel()
	for _, place := range []audit.Place{{}, {7, 5}, {5, 5}, {1, 0}, {0, 1}} {
		if read := audit.ParsePlace(place.String()); read != place {
			t.Errorf("%q is read as %+v, want %+v", place, read, place)
		}
	}
	for _, none := range []string{"x", ".", "-5.-5", "5", "9e9.1", "18446744073709551616.2"} {
		if read := audit.ParsePlace(none); read.Record < 0 || read.Attempt < 0 {
			t.Errorf("%q is read as %+v", none, read)
		}
	}
}

func TestReadFilters(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		at := &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		log := audit.New(client, keys, audit.Options{Now: at.now})
		for _, r := range []audit.Record{
			{Actor: "root", Action: audit.View, Subject: "ada"},
			{Actor: "eve", Action: audit.View, Subject: "ada"},
			{Actor: "root", Action: audit.Login},
			{Actor: "root", Action: audit.View, Subject: "bob\n"},
		} {
			put(t, log, r)
			at.Time = at.Add(time.Hour)
		}
		hour := func(n int) time.Time { return time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC) }
		for _, test := range []struct {
			name   string
			filter audit.Filter
			want   []int64 // newest first
		}{
			{"nothing", audit.Filter{}, []int64{4, 3, 2, 1}},
			{"actor", audit.Filter{Actor: "root"}, []int64{4, 3, 1}},
			{"actor and subject", audit.Filter{Actor: "root", Subject: "ada"}, []int64{1}},
			{"action", audit.Filter{Action: audit.Login}, []int64{3}},
			{"subject as it was before it was cleaned", audit.Filter{Subject: "bob\n"}, []int64{4}},
			{"from", audit.Filter{From: hour(2)}, []int64{4, 3}},
			{"to", audit.Filter{To: hour(2)}, []int64{2, 1}},
			{"from and to", audit.Filter{From: hour(1), To: hour(2)}, []int64{2}},
			{"nobody", audit.Filter{Actor: "Root"}, nil},
		} {
			excerpt, err := log.Read(t.Context(), test.filter, audit.Place{}, 10)
			if err != nil || !slices.Equal(numbers(excerpt.Records), test.want) || excerpt.Next != (audit.Place{}) {
				t.Errorf("%s: got %v, next %d, %v, want %v", test.name, numbers(excerpt.Records), excerpt.Next, err, test.want)
			}
			oldestFirst := numbers(all(t, log, test.filter))
			slices.Reverse(oldestFirst)
			if !slices.Equal(oldestFirst, test.want) {
				t.Errorf("%s: all are %v, want %v", test.name, oldestFirst, test.want)
			}
		}
	})
}

func TestParsePeriod(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		text     string
		from, to time.Time
		bad      bool
	}{
		{text: ""},
		{text: "2026-12-31", from: day, to: day.AddDate(0, 0, 1)},
		{text: "2026-12-31T10:00:00+02:00", from: day.Add(8 * time.Hour), to: day.Add(8 * time.Hour)},
		{text: "31.12.2026", bad: true},
		{text: "2026-12-32", bad: true},
		{text: "10:00", bad: true},
	} {
		from, err := audit.ParseFrom(test.text)
		if !from.Equal(test.from) || errors.Is(err, audit.ErrTime) != test.bad {
			t.Errorf("%q begins at %v, %v", test.text, from, err)
		}
		to, err := audit.ParseTo(test.text)
		if !to.Equal(test.to) || errors.Is(err, audit.ErrTime) != test.bad {
			t.Errorf("%q ends at %v, %v", test.text, to, err)
		}
	}
}

func TestReadInExcerpts(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		fill(t, log, 1203) // a few pages of those that are read from Redis
		for _, limit := range []int{0, 401, 500, 1000, 1203, 5000} {
			var got []int64
			for before := (audit.Place{}); ; {
				excerpt, err := log.Read(t.Context(), audit.Filter{}, before, limit)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, numbers(excerpt.Records)...)
				if before = excerpt.Next; before == (audit.Place{}) || limit == 0 && len(got) == 3 {
					break
				}
			}
			want := 1203
			if limit == 0 {
				want = 3 // one at a time
			}
			if len(got) != want || got[0] != 1203 || !descends(got) {
				t.Errorf("pages of %d: got %d records", limit, len(got))
			}
		}
		if got := numbers(all(t, log, audit.Filter{})); len(got) != 1203 || got[0] != 1 || got[1202] != 1203 {
			t.Errorf("all are %d records", len(got))
		}
	})
}

// A filter that matches nearly nothing doesn't keep a call busy.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{}).Patient()
		put(t, log, audit.Record{Actor: "rare", Action: audit.View})
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for range 10_100 {
				p.XAdd(t.Context(), &redis.XAddArgs{Stream: keys.Records(), Values: []string{"line", "x"}})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		excerpt, err := log.Read(t.Context(), audit.Filter{Actor: "rare"}, audit.Place{}, 10)
		if err != nil || len(excerpt.Records) != 0 || excerpt.Next == (audit.Place{}) {
			t.Fatalf("got %+v, %v", excerpt, err)
		}
	})
}

// An attacker who puts something into the stream that can't be read doesn't hide it, or what is around it.
func TestUnreadableIsShown(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		fill(t, log, 1)
		for _, line := range []string{"", "{", "null", `{"seq":2}`, `{"seq":2,"time":"2026-01-01T00:00:00.000Z","action":"view","duration":1e300}`} {
			err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: keys.Records(), ID: "2-*", Values: []string{"line", line}}).Err()
			if err != nil {
				t.Fatal(err)
			}
		}
		fill(t, log, 1)
		excerpt, err := log.Read(t.Context(), audit.Filter{}, audit.Place{}, 10)
		if err != nil || len(excerpt.Records) != 7 {
			t.Fatalf("got %+v, %v", excerpt, err)
		}
		for _, r := range excerpt.Records[1:6] {
			if r.Action != audit.Unreadable || r.Seq != 2 {
				t.Errorf("got %+v", r)
			}
		}
	})
}

func numbers(records []audit.Record) []int64 {
	var seqs []int64
	for _, r := range records {
		seqs = append(seqs, r.Seq)
	}
	return seqs
}

func descends(seqs []int64) bool {
	for i := 1; i < len(seqs); i++ {
		if seqs[i] != seqs[i-1]-1 {
			return false
		}
	}
	return true
}
