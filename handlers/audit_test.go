package handlers_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// auditLog is the audit log of the site.
func (s *site) auditLog() *audit.Log {
	return audit.New(s.logs.Client(), s.auditKeys(), audit.Options{})
}

// note appends a record to the audit log.
func (s *site) note(r audit.Record) {
	s.t.Helper()
	if _, err := s.auditLog().Append(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
}

func TestSuperusersReadTheAuditLog(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.note(audit.Record{Actor: "vera", Action: audit.View, Subject: "ada", Reason: "ticket 12"})
		s.note(audit.Record{Actor: "vera", Action: audit.Watch, Subject: "bob"})
		page := b.get(base + "/audit")
		if page.StatusCode != http.StatusOK || page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("status %d, Cache-Control %q", page.StatusCode, page.Header.Get("Cache-Control"))
		}
		want := []string{"Read the audit log", "Watched live", "Opened a log", "Logged in"}
		if got := page.texts("#audit td.action"); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := page.text("nav a[aria-current]"); got != "Audit log" {
			t.Errorf("the navigation is at %q", got)
		}
		for query, want := range map[string][]string{
			"?actor=vera": {"Watched live", "Opened a log"}, "?user=ada": {"Opened a log"}, "?action=watch": {"Watched live"},
			"?actor=vera&from=2000-01-01&to=2999-01-01": {"Watched live", "Opened a log"},
			"?from=2999-01-01":                          nil, "?to=2000-01-01": nil, "?actor=nobody": nil, "?before=x&user=ada": {"Opened a log"}, "?before=-1&user=ada": {"Opened a log"},
		} {
			page := b.get(base + "/audit" + query)
			if got := page.texts("#audit td.action"); page.StatusCode != http.StatusOK || !slices.Equal(got, want) {
				t.Errorf("%s: %d with %q, want %q", query, page.StatusCode, got, want)
			}
		}
		b.get(base+"/audit?from=monday").expect(http.StatusUnprocessableEntity, "That is not a day. Write it as year, month and day, such as 2026-12-31.")
		// However often it is looked at, it is one view.
		if got := strings.Count(strings.Join(s.audited(), "\n"), string(audit.AuditRead)); got != 1 {
			t.Errorf("it was read %d times", got)
		}
	})
}

func TestTheAuditLogHasPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for n := range 120 {
		s.note(audit.Record{Actor: "vera", Action: audit.View, Subject: fmt.Sprint(n)})
	}
	var users []string
	next := base + "/audit?actor=vera"
	for pages := 1; next != ""; pages++ {
		page := b.get(next)
		users = append(users, page.texts("#audit td.user")...)
		next = page.find("a[rel=next]").AttrOr("href", "")
		if newest := page.find(".pages a:not([rel])").AttrOr("href", ""); (pages > 1) != (newest == base+"/audit?actor=vera") {
			t.Errorf("page %d leads back to %q", pages, newest)
		}
	}
	if len(users) != 120 || users[0] != "119" || users[119] != "0" {
		t.Errorf("the pages have %d users: %q", len(users), users)
	}
}

func TestExportsAreRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.note(audit.Record{Actor: "=vera", Action: audit.View, Subject: "ada"})
	s.note(audit.Record{Actor: "=vera", Action: audit.View, Subject: "bob"})
	export := b.get(base + "/audit/export?format=csv&user=ada")
	rows, err := csv.NewReader(strings.NewReader(export.body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	// The record of the export is about ada as well.
	if export.StatusCode != http.StatusOK || len(rows) != 3 || rows[1][2] != "'=vera" || rows[2][4] != "audit-exported" || rows[2][2] != root {
		t.Errorf("got %d, %q", export.StatusCode, rows)
	}
	for name, want := range map[string]string{"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := export.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := export.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="userlog-audit-2`) || !strings.HasSuffix(got, `Z.csv"`) {
		t.Errorf("Content-Disposition is %q", got)
	}
	export = b.get(base + "/audit/export?format=json")
	if lines := strings.Split(strings.TrimSpace(export.body), "\n"); len(lines) != 5 || !strings.HasPrefix(lines[4], `{"seq":5,`) || !strings.Contains(lines[4], `"detail":"json"`) {
		t.Errorf("got %q", lines)
	}
	before := s.audited()
	for _, query := range []string{"", "?format=xml", "?format=csv&to=monday"} {
		if a := b.get(base + "/audit/export" + query); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", query, a.StatusCode)
		}
	}
	if after := s.audited(); !slices.Equal(before, after) {
		t.Errorf("exports that were refused are recorded: %q", after)
	}
}

// Neither page nor export is to be had where that can't be written down.
func TestTheAuditLogIsNotReadUnrecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.note(audit.Record{Actor: "vera", Action: audit.View, Subject: "ada"})
	s.loseAuditLog()
	for _, target := range []string{"/audit", "/audit/export?format=csv", "/audit/export?format=json"} {
		a := b.get(base + target)
		if a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "vera") {
			t.Errorf("%s: %d", target, a.StatusCode)
		}
	}
}
