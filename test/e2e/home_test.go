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
	b.expect("503")
	redis.Kill()
	b.isConnected("lost")
}
