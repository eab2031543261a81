package e2e

import (
	"net/url"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestLiveLogShowsRequestsAsTheyHappen(t *testing.T) {
	t.Parallel()
	site := demo(t, redistest.Start(t))
	ada := newCustomer(t, site, "ada")
	ada.get("/help")
	b := site.enter(t)
	b.visit("/live?username=ada")
	b.isConnected("live")
	b.hasURLs("/help", "/login")
	b.shows("#messages [role=status]", "Logs found for ada.")
	ada.get("/search?q=tea")
	b.hasURLs("/search?q=tea", "/help", "/login")
	newCustomer(t, site, "grace").get("/help") // nothing to do with ada
	ada.get("/cart")
	b.hasURLs("/cart", "/search?q=tea", "/help", "/login")
}

func TestEveryoneShowsAllUsers(t *testing.T) {
	t.Parallel()
	site := demo(t, redistest.Start(t))
	b := site.enter(t)
	b.visit("/live/everyone?show=")
	b.isConnected("live")
	newCustomer(t, site, "ada")
	b.hasRows(1)
	newCustomer(t, site, "grace")
	b.hasRows(2)
	b.shows("#rows > tr:nth-child(1) > td.user", "grace")
	b.shows("#rows > tr:nth-child(2) > td.user", "ada")
	b.click("#rows > tr:nth-child(2) > td.user a")
	b.eventually("ada's own log", "location.search === '?username=ada'")
	b.hasURLs("/login")
}

func TestNamesArePatternsToNobody(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	names := []string{"*", "al*", "alice", "[a-z]", "a:b", "{x}", "Ünï", "<b>", "two words", "😀", `"'&amp;`}
	for _, name := range names {
		record(logs, name, "/of/"+name)
	}
	b := site.enter(t)
	for _, name := range names {
		query := "?" + url.Values{"username": {name}}.Encode()
		b.visit("/live" + query)
		b.hasURLs("/of/" + name)
		b.visit("/static" + query)
		b.hasURLs("/of/" + name)
		b.shows("#messages [role=status]", "Logs found for "+name+".")
	}
}
