package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// cells is the text of each cell of a row.
func cells(row *goquery.Selection) []string {
	return row.Find("td").Map(func(_ int, cell *goquery.Selection) string {
		return strings.Join(strings.Fields(cell.Text()), " ")
	})
}

// hour is what was recorded in the first minutes of an hour; the last of them has errors.
func hour(requests ...uint32) (minutes [60]store.Minute) {
	for i, n := range requests {
		minutes[i].Requests = n
	}
	minutes[len(requests)-1].ClientErrors, minutes[len(requests)-1].ServerErrors = 1, 2
	return minutes
}

func TestHomeListsApplicationsAndWhatTheyLost(t *testing.T) {
	applications := []store.Application{
		{Name: "shop", Host: "web-1", Version: "v1.2.3", Age: 59 * time.Second, Stats: store.Stats{Accepted: 1234567, Queued: 4096}},
		{Name: "shop", Host: "web-2", Age: 200 * time.Second, Stats: store.Stats{
			Accepted: 50, Indeterminate: 2,
			Dropped: store.Dropped{QueueFull: 10, InvalidUsername: 1, Refused: 3, HostPanic: 2, Closed: 1000},
		}},
		{Name: "jobs", Host: "web-3", Age: -time.Second, LastHour: hour(600, 0, 600), Stats: store.Stats{Dropped: store.Dropped{QueueFull: 1}}},
		{Name: "mail", Host: "web-4", Age: 59 * time.Minute, LastHour: [60]store.Minute{{Requests: 1}}, ClockSkew: -10 * time.Minute},
		{Name: "chat", Host: "web-5", Age: time.Hour, ClockSkew: 65 * time.Minute},
		{Name: "news", Host: "web-6", ClockSkew: store.ClockTolerance},
		{Name: "pay", Host: "web-7", Age: 10 * time.Second, Ended: true, Stats: store.Stats{Accepted: 9, Undone: 2}},
		{Name: "pay", Host: "web-8", Age: 3 * time.Minute},
	}
	want := map[string][]string{
		"en": {
			"shop|2 processes||Reporting|No requests|1,234,617|4,096|1,018 lost or not confirmed: 10 because too many were waiting, " +
				"1 with a username that can’t be recorded, 3 refused by Redis, 2 because a function of the application panicked, 1,000 while stopping, 2 sent but never confirmed by Redis",
			"shop|web-1|v1.2.3|Reporting|No requests|1,234,567|4,096|0",
			"shop|web-2||Silent for 3 min|No requests|50|0|1,018 lost or not confirmed: 10 because too many were waiting, " +
				"1 with a username that can’t be recorded, 3 refused by Redis, 2 because a function of the application panicked, 1,000 while stopping, 2 sent but never confirmed by Redis",
			"jobs|web-3||Reporting|1,200 requests, 1 rejected or not found, 2 errors|0|0|1 lost or not confirmed: 1 because too many were waiting",
			"mail|web-4||Silent for 59 min Clock 10 min behind|1 request|0|0|0",
			"chat|web-5||Silent for 1 h Clock 1 h ahead|No requests|0|0|0",
			"news|web-6||Reporting|No requests|0|0|0",
			"pay|2 processes||Silent for 3 min|No requests|9|0|2 lost or not confirmed: 2 written, and then lost by Redis",
			"pay|web-7||Ended 10 s ago|No requests|9|0|2 lost or not confirmed: 2 written, and then lost by Redis",
			"pay|web-8||Silent for 3 min|No requests|0|0|0",
		},
		"fr": {
			"shop|2 processus||Se signale|Aucune requête|1\u00a0234\u00a0617|4\u00a0096|1\u00a0018 perdues ou non confirmées\u00a0: 10 car trop attendaient, " +
				"1 avec un nom d’utilisateur impossible à enregistrer, 3 refusées par Redis, 2 car une fonction de l’application a planté, 1\u00a0000 pendant l’arrêt, 2 envoyées mais jamais confirmées par Redis",
			"shop|web-1|v1.2.3|Se signale|Aucune requête|1\u00a0234\u00a0567|4\u00a0096|0",
			"shop|web-2||Muette depuis 3 min|Aucune requête|50|0|1\u00a0018 perdues ou non confirmées\u00a0: 10 car trop attendaient, " +
				"1 avec un nom d’utilisateur impossible à enregistrer, 3 refusées par Redis, 2 car une fonction de l’application a planté, 1\u00a0000 pendant l’arrêt, 2 envoyées mais jamais confirmées par Redis",
			"jobs|web-3||Se signale|1\u00a0200 requêtes, 1 refusée ou introuvable, 2 erreurs|0|0|1 perdue ou non confirmée\u00a0: 1 car trop attendaient",
			"mail|web-4||Muette depuis 59 min Horloge en retard de 10 min|1 requête|0|0|0",
			"chat|web-5||Muette depuis 1 h Horloge en avance de 1 h|Aucune requête|0|0|0",
			"news|web-6||Se signale|Aucune requête|0|0|0",
			"pay|2 processus||Muette depuis 3 min|Aucune requête|9|0|2 perdues ou non confirmées\u00a0: 2 écrites puis perdues par Redis",
			"pay|web-7||Terminée il y a 10 s|Aucune requête|9|0|2 perdues ou non confirmées\u00a0: 2 écrites puis perdues par Redis",
			"pay|web-8||Muette depuis 3 min|Aucune requête|0|0|0",
		},
	}
	set := newSet(t)
	for lang, lines := range want {
		html, err := set.Home(views.Home{Layout: views.Layout{Lang: lang, IsSuperuser: true}, Applications: applications})
		rows := parse(t, html, err).Find("table#applications > tbody > tr")
		if rows.Length() != len(lines) {
			t.Fatalf("%d rows", rows.Length())
		}
		for i, line := range lines {
			row := rows.Eq(i)
			if got, want := strings.Join(cells(row), "|"), strings.Join(strings.Fields(line), " "); got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", lang, got, want)
			}
			if losing := i == 0 || i == 2 || i == 3 || i == 7 || i == 8; row.HasClass("losing") != losing {
				t.Errorf("row %d is marked as losing: %v", i, !losing)
			}
			if silent := i == 2 || i == 4 || i == 5 || i >= 7; row.Find("td.silent").Length() == 1 != silent {
				t.Errorf("row %d is marked as silent: %v", i, !silent)
			}
		}
	}
}

func TestHomeWithoutApplicationsSaysHowToAddOne(t *testing.T) {
	html, err := newSet(t).Home(views.Home{Layout: views.Layout{Lang: "en", IsSuperuser: true}})
	section := parse(t, html, err).Find("section[aria-labelledby=applications-title]")
	if section.Find("table").Length() != 0 || !strings.HasPrefix(section.Find("p.nobody").Text(), "No application is reporting.") {
		t.Errorf("got %q", section.Text())
	}
	if got := section.Find("p.nobody code").Text(); !strings.Contains(got, "middleware.Track(") {
		t.Errorf("the next step is %q", got)
	}
}
