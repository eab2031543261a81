package e2e

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestHomeRefreshesByItself(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStoreWith(t, redis, store.Options{Application: "shop"})
	b := site.enter(t)
	b.visit("/")
	b.shows("[aria-labelledby=seen-title] .nobody", "Nobody has been on the site lately. Requests appear here as soon as an application records one.")
	evaluate[bool](b, "window.unchanged = true")
	active := b.sees("ada is active now", hasText("#seen td.state", "active now"))
	record(logs, "ada", "/")
	logs.Record(store.Entry{Username: "grace", Method: "POST", Path: "/pay", Code: 500, Time: time.Now().Add(-5 * time.Minute)})
	b.shows("#seen tr:first-child td.user", "ada")
	active()
	b.shows("#seen tr:last-child td.state", "idle")
	b.shows("#trouble td.user", "grace")
	b.shows("#trouble td.result", "Error (500)")
	b.isConnected("refreshing")

	// Someone who is about to follow a link does not lose it.
	evaluate[bool](b, "(document.querySelector('#trouble a').focus(), true)")
	record(logs, "linus", "/")
	b.eventually("linus is on the site", "document.querySelectorAll('#seen tbody tr').length === 3")
	b.eventually("the focus is where it was, on the same page", "document.activeElement.textContent === 'grace' && window.unchanged")

	// It stays on the same customer where others change places, also in a browser that takes the focus from what moves.
	evaluate[bool](b, "(document.querySelector('#seen a').focus(), delete Element.prototype.moveBefore)")
	now := time.Now()
	logs.Record(store.Entry{Username: "linus", Method: "GET", Path: "/", Code: 200, Time: now.Add(-time.Millisecond)})
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200, Time: now})
	b.shows("#seen tbody tr:first-child a", "ada")
	b.eventually("the focus is on linus", "document.activeElement.textContent === 'linus' && window.unchanged")
	b.expect("503")
	redis.Kill()
	b.isConnected("lost")
}
