package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// The text about one line has all that a ticket needs, by the clock of who reads it as well.
func TestALineIsCopiedForATicket(t *testing.T) {
	at := time.Date(2026, 3, 4, 23, 6, 7, 0, time.UTC)
	entry := store.Entry{
		ID: "p-7", Username: "ada+1", Method: "POST", Path: "/pay?a=`|b", Page: "Pay", Code: 422, Problem: "card number: required", Time: at, Kind: store.KindPage,
		From: "/cart", RequestID: "r`1", Reference: "K7W3XF", Client: "Firefox, Android, phone", Application: "shop",
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	set, err := views.New(assets, views.Links{Trace: "https://trace.example/?id={request_id}"})
	if err != nil {
		t.Fatal(err)
	}
	ticket := views.Ticket{Admin: "https://admin.example/userlog", Versions: map[string]string{"shop": "v1.2.3"}, Zone: views.ParseZone("330")}
	got, err := set.LineSummary("en", "ada+1", []store.Entry{{ID: "p-8"}, entry}, "p-7", ticket)
	want := "`ada+1`\n\n- URL: `Pay` `POST /pay?a=%60%7Cb`\n- Result: Problem: `card number: required` (422)\n" +
		"- Time: 2026-03-04 23:06:07 UTC (04:36:07 +05:30)\n- Browser: `Firefox, Android, phone`\n- Asked by: `/cart`\n- Code for support: `K7W3XF`\n" +
		"- Request ID: `r'1`\n- Trace: https://trace.example/?id=r%601\n- Application: `shop v1.2.3`\n" +
		"- Link: https://admin.example/userlog/static?line=p-7&username=ada%2B1#line\n"
	if err != nil || got != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
	for _, id := range []string{"p-9", ""} {
		if got, err := set.LineSummary("en", "ada+1", []store.Entry{entry}, id, ticket); got != "" || err != nil {
			t.Errorf("of a line that is not there: %q, %v", got, err)
		}
	}
	summary, err := set.Summary("de", "ada+1", views.People{}, []store.Entry{entry}, at, ticket)
	for _, part := range []string{"23:06:07 UTC (04:36:07 +05:30)", "`r'1`", "trace.example", "`shop v1.2.3`", "`Firefox, Android, Telefon`", "card number", "#line", "`K7W3XF`"} {
		if err != nil || !strings.Contains(summary, part) {
			t.Errorf("the summary has no %s: %v\n%s", part, err, summary)
		}
	}
}

// Where nothing went wrong, a summary tells the same about what was done last: a ticket has a link, a device and a version in any case.
func TestASummaryWithoutAProblemHasALink(t *testing.T) {
	at := time.Date(2026, 3, 4, 23, 6, 7, 0, time.UTC)
	ticket := views.Ticket{Admin: "https://admin.example/userlog", Versions: map[string]string{"shop": "v1.2.3"}, Zone: views.ParseZone("60")}
	entries := []store.Entry{ // newest first
		{ID: "3", Username: "ada", Method: "GET", Path: "/poll", Code: 200, Time: at, Kind: store.KindFetch, From: "/cart", Application: "shop"},
		{
			ID: "2", Username: "ada", Method: "GET", Path: "/cart", Code: 200, Time: at.Add(-time.Second), Kind: store.KindPage, RequestID: "r1",
			Client: "Firefox, Android, phone", Application: "shop",
		},
		{ID: "1", Username: "ada", Method: "GET", Path: "/", Code: 200, Time: at.Add(-time.Minute), Kind: store.KindPage},
	}
	got, err := newSet(t).Summary("en", "ada", views.People{}, entries, at, ticket)
	want := "- URL: `GET /cart`\n- Result: Success (200)\n- Time: 2026-03-04 23:06:06 UTC (00:06:06 +01:00)\n- Browser: `Firefox, Android, phone`\n" +
		"- Request ID: `r1`\n- Application: `shop v1.2.3`\n- Link: https://admin.example/userlog/static?line=2&username=ada#line\n\n"
	if err != nil || !strings.Contains(got, want) {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
}

func TestZonesOfReaders(t *testing.T) {
	for minutes, want := range map[string]string{"0": "+00:00", "-210": "-03:30", "840": "+14:00", "": "", "841": "", "x": "", "1e2": "", "99999999999999999999": ""} {
		got := ""
		if zone := views.ParseZone(minutes); zone != nil {
			got = time.Unix(0, 0).In(zone).Format("-07:00")
		}
		if got != want {
			t.Errorf("%q is %q, want %q", minutes, got, want)
		}
	}
}
