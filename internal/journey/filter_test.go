package journey_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
)

// A page that only its parts tell of is none of the changes, although its method is not known.
func TestFiltersChooseSteps(t *testing.T) {
	steps := journey.Fold(entries(t, `
		1 page GET /cart 200 page=Cart
		2 asset GET /missing.png 404 from=/cart
		3 page POST /pay 303 from=/cart to=/paid
		4 page GET /paid 200 from=/cart
		5 fetch GET /api/later 200 from=/implied
		6 page DELETE /cart 422 from=/implied
		7 page GET /slow 503 ended=timed_out
		8 page GET /left 503 ended=gave_up
		9 page PUT /name 200 problem=taken`)).Steps()
	for _, c := range []struct {
		filter journey.Filter
		want   string
	}{
		{journey.Filter{}, "/cart /pay /implied /cart /slow /left /name"},
		{journey.Filter{Show: "nonsense"}, "/cart /pay /implied /cart /slow /left /name"},
		{journey.Filter{Show: journey.ShowPages}, "/cart /implied /slow /left"},
		{journey.Filter{Show: journey.ShowChanges}, "/pay /cart /name"},
		{journey.Filter{Show: journey.ShowErrors}, "/cart /cart /slow /name"},
		{journey.Filter{Text: "PAID"}, "/pay"},
		{journey.Filter{Text: "later"}, "/implied"},
		{journey.Filter{Show: journey.ShowPages, Text: "cart"}, "/cart"},
	} {
		var chosen []string
		for _, s := range steps {
			if c.filter.Matches(s) {
				chosen = append(chosen, s.Entry.Path)
			}
		}
		if got := strings.Join(chosen, " "); got != c.want {
			t.Errorf("%+v chooses %q, want %q", c.filter, got, c.want)
		}
	}
}

func TestFiltersChooseRequests(t *testing.T) {
	all := entries(t, `
		1 page GET /page 200 page=Cart
		2 asset GET /a.png 200
		3 asset GET /missing.png 404
		4 fetch GET /poll 200
		5 fetch PUT /change 200
		6 prefetch GET /ahead 200
		7 - GET /unknown 200
		8 - GET /unknown.css 200
		9 fetch POST /declined 200 problem=declined
		10 beacon POST /gone 502 ended=gave_up
		11 check POST /checked 422`)
	for _, c := range []struct {
		filter journey.Filter
		want   string
	}{
		{journey.Filter{}, "/page /a.png /missing.png /poll /change /ahead /unknown /unknown.css /declined /gone /checked"},
		{journey.Filter{Show: journey.ShowPages}, "/page /unknown"},
		{journey.Filter{Show: journey.ShowChanges}, "/change /declined /gone"},
		{journey.Filter{Show: journey.ShowErrors}, "/missing.png /declined"},
		{journey.Filter{Text: "cart"}, "/page"},
	} {
		var chosen []string
		for _, e := range all {
			if c.filter.MatchesEntry(e) {
				chosen = append(chosen, e.Path)
			}
		}
		if got := strings.Join(chosen, " "); got != c.want {
			t.Errorf("%+v chooses %q, want %q", c.filter, got, c.want)
		}
	}
}
