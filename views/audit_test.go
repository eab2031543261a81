package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// hostileAudit is the page of the audit log with hostile values wherever values go.
func hostileAudit(layout views.Layout) views.Audit {
	r := audit.Record{
		Seq: 2, Time: time.Unix(1700000000, 0), Actor: hostileName, Action: audit.View, Subject: hostileName,
		Address: hostilePath, Via: hostileName, Reason: hostileName, Detail: hostilePath,
	}
	foreign := r
	foreign.Action = audit.Action(hostileName)
	return views.Audit{
		Layout:  layout,
		Filter:  views.AuditFilter{Actor: hostileName, User: hostileName, Action: hostileName, From: hostileName, To: hostileName},
		Records: []audit.Record{r, foreign, {Seq: 1, Action: audit.Unreadable}}, Before: audit.Place{Record: 3, Attempt: 2}, Older: audit.Place{Record: 1, Attempt: 1},
	}
}

func TestAuditShowsRecords(t *testing.T) {
	html, err := newSet(t).Audit(views.Audit{Layout: views.Layout{Lang: "en", Base: "/userlog"}, Records: []audit.Record{
		{Seq: 1203, Time: time.Unix(1700000000, 0), Actor: "root", Action: audit.ViewEnded, Subject: "a&b", Address: "192.0.2.1", Via: "browser", Duration: 3 * time.Minute, Began: 1202, Detail: "view"},
		{Seq: 1202, Time: time.Unix(1700000000, 0), Actor: "root", Action: audit.View, Subject: "a&b", Via: "pigeon", Reason: "ticket 12"},
		{Seq: 1201, Time: time.Unix(1700000000, 0), Action: audit.Action("future")},
		{Seq: 1200, Action: audit.Unreadable},
	}})
	rows := parse(t, html, err).Find("table#audit > tbody > tr")
	want := [][]string{
		{"root", "Stopped looking", "a&b", "192.0.2.1 browser", "for 3 min No. 1,203 · began with no. 1,202"},
		{"root", "Opened a log", "a&b", "pigeon", "Reason: ticket 12 No. 1,202"},
		{"", "Something this version does not know ( future )", "", "", "No. 1,201"},
		{"", "Not a record: put here by somebody else", "", "", "No. 1,200"},
	}
	if rows.Length() != len(want) {
		t.Fatalf("%d rows", rows.Length())
	}
	for i, cells := range want {
		row := rows.Eq(i)
		for j, text := range cells {
			var got []string
			row.Find("td").Eq(j + 1).Contents().Each(func(_ int, s *goquery.Selection) { got = append(got, s.Text()) })
			if got := strings.Join(strings.Fields(strings.Join(got, " ")), " "); got != text {
				t.Errorf("row %d, cell %d: %q, want %q", i, j+1, got, text)
			}
		}
	}
	first := rows.First()
	if got := first.Find("td.time relative-time").AttrOr("datetime", ""); got != "2023-11-14T22:13:20.000Z" {
		t.Errorf("time %q", got)
	}
	if got := first.Find("td.user a").AttrOr("href", ""); got != "/userlog/audit?user=a%26b" {
		t.Errorf("the user leads to %q", got)
	}
	if got := first.Find("td.actor a").AttrOr("href", ""); got != "/userlog/audit?actor=root" {
		t.Errorf("the actor leads to %q", got)
	}
	if got := rows.Last().Find("td.time relative-time").Length(); got != 0 {
		t.Error("what is no record has a time")
	}
}

// What was chosen is in the form, and goes along to other pages and into exports.
func TestAuditKeepsItsFilter(t *testing.T) {
	page := views.Audit{
		Layout: views.Layout{Lang: "en", Base: "/userlog"}, Older: audit.Place{Record: 7, Attempt: 3}, Before: audit.Place{Record: 60},
		Filter:  views.AuditFilter{Actor: "r&t", User: "ada", Action: "view", From: "2026-01-02", To: "2026-01-03"},
		Records: []audit.Record{{Seq: 7, Action: audit.View}},
	}
	html, err := newSet(t).Audit(page)
	doc := parse(t, html, err)
	for selector, want := range map[string]string{"#actor": "r&t", "#user": "ada", "#action option[selected]": "view", "#from": "2026-01-02", "#to": "2026-01-03"} {
		if got := doc.Find("form#audit-filter[method=get] "+selector).AttrOr("value", ""); got != want {
			t.Errorf("%s is %q, want %q", selector, got, want)
		}
	}
	const query = "?action=view&actor=r%26t" // parameters are in the order of the alphabet
	const rest = "&from=2026-01-02&to=2026-01-03&user=ada"
	for selector, want := range map[string]string{
		"a[rel=next]":            "/userlog/audit" + query + "&before=7.3" + rest,
		".pages a:first-child":   "/userlog/audit" + query + rest,
		".exports a:first-child": "/userlog/audit/export" + query + "&format=csv" + rest,
		".exports a:last-child":  "/userlog/audit/export" + query + "&format=json" + rest,
		"#audit-filter a":        "/userlog/audit",
	} {
		if got := doc.Find(selector).AttrOr("href", ""); got != want {
			t.Errorf("%s leads to %q, want %q", selector, got, want)
		}
	}
}

func TestAuditWithoutRecordsSaysWhy(t *testing.T) {
	set := newSet(t)
	for name, test := range map[string]struct {
		page views.Audit
		want string
	}{
		"nothing yet":  {views.Audit{}, "Nothing has been recorded yet. Everyone who opens a log appears here."},
		"no match":     {views.Audit{Filter: views.AuditFilter{Actor: "a"}}, "No record matches. Change the filter, or show all."},
		"no match yet": {views.Audit{Filter: views.AuditFilter{Actor: "a"}, Older: audit.Place{Record: 5, Attempt: 1}}, "No record matches among those that were looked through. There are older ones."},
		"no day":       {views.Audit{Message: views.AuditPeriod()}, ""},
	} {
		test.page.Lang = "en"
		html, err := set.Audit(test.page)
		doc := parse(t, html, err)
		if got := doc.Find(".nobody").Text(); got != test.want || doc.Find("table").Length() != 0 {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestOnlySuperusersSeeTheLinkToTheViewingLog(t *testing.T) {
	for _, superuser := range []bool{true, false} {
		html, err := newSet(t).Home(views.Home{Layout: views.Layout{Lang: "en", Account: "a", IsSuperuser: superuser}})
		if got := parse(t, html, err).Find("nav a[href='/audit']").Length() == 1; got != superuser {
			t.Errorf("superuser %v: link %v", superuser, got)
		}
	}
}
