package e2e

import (
	"fmt"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// What Chromium and htmx write to the console when a test takes the server or Redis away. Nothing
// else is excused.
const (
	socketRefused      = "WebSocket connection to 'ws://"
	socketRefusedHTMX  = "htmx: htmx:ws:error"
	requestRefused     = "net::ERR_CONNECTION_REFUSED"
	requestRefusedHTMX = "htmx: htmx:error: Failed to fetch"
	unavailable        = "the server responded with a status of 503"
)

// outlives makes a Redis keep its data when it is killed.
var outlives = []string{"--appendonly", "yes", "--appendfsync", "always"}

// expectOutage expects what the browser says where the server is away: of the socket, and of the requests that stand in for it after some
// seconds.
func (b *tab) expectOutage() {
	b.expect(socketRefused, socketRefusedHTMX, requestRefused, requestRefusedHTMX)
}

func TestLiveLogSurvivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.openLog(t, logs, "ada", "/live")
	b.isConnected("live")
	b.hasURLs("/before")

	b.expectOutage()
	site.stop()
	b.isConnected("lost")
	b.shows("#connection", "Connection lost, trying again")
	record(logs, "ada", "/meanwhile")
	site.again()
	b.isConnected("live")
	b.hasURLs("/meanwhile", "/before")
	record(logs, "ada", "/after")
	b.hasURLs("/after", "/meanwhile", "/before")
	b.hasGaps(0)
}

func TestStaticLogSurvivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.openLog(t, logs, "ada", "/static")
	b.hasURLs("/before")

	b.expect(requestRefused, requestRefusedHTMX)
	site.stop()
	b.isConnected("lost")
	b.hasURLs("/before")
	record(logs, "ada", "/meanwhile")
	site.again()
	b.isConnected("refreshing")
	b.hasURLs("/meanwhile", "/before")
}

func TestLiveLogSurvivesARestartOfRedis(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, outlives...)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.openLog(t, logs, "ada", "/live")
	b.isConnected("live")
	b.hasURLs("/before")

	redis.Kill()
	b.isConnected("store-lost")
	b.hasURLs("/before")
	record(logs, "ada", "/meanwhile")
	redis.Restart()
	b.isConnected("live")
	b.hasURLs("/meanwhile", "/before")
}

func TestPagesSayThatTheStoreIsAway(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, outlives...)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.openLog(t, logs, "ada", "/static")
	b.hasURLs("/before")

	b.expect(unavailable)
	redis.Kill()
	b.isConnected("lost")
	b.hasURLs("/before")
	b.visit("/")
	b.shows("h1", "The log store can’t be reached.")
	redis.Restart()
	b.visit("/static?username=ada")
	b.hasURLs("/before") // still logged in, too
}

// The customer waits at an error page, and makes no further request.
func TestPagesShowWhatAnOutageCost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, outlives...)
	site, logs := serve(t, redis), openStoreWith(t, redis, store.Options{QueueSize: 2})
	live := site.openLog(t, logs, "ada", "/live")
	live.isConnected("live")
	live.hasURLs("/before")

	redis.Kill()
	live.isConnected("store-lost")
	for n := range 10 {
		record(logs, "ada", fmt.Sprint("/", n))
	}
	lost := logs.Stats().Dropped.Total()
	if lost == 0 {
		t.Fatal("nothing is lost")
	}
	redis.Restart()
	missing := fmt.Sprint(lost, " requests are missing here.")
	live.shows("#rows > tr.gap:first-child", missing)
	record(logs, "ada", "/after")
	live.shows("#rows > tr:first-child > td.url > code", "/after")
	live.shows("#rows > tr:first-child + tr.gap", missing)
	live.hasGaps(1)
	for _, page := range []string{"/live?username=ada", "/static?username=ada"} {
		live.visit(page)
		live.shows("#rows > tr:first-child > td.url > code", "/after")
		live.shows("#rows > tr:first-child + tr.gap", missing)
	}
	live.visit("/live/everyone?show=")
	live.shows("#rows > tr.gap", "ada · "+missing)
	live.hasGaps(1)
}
