//go:build unix

package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	redistest.VerifyNoLeaks(m)
}

func TestEmbed(t *testing.T) {
	logs, err := store.Open(redistest.Start(t).URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	site, admin, err := application(logs, gin.Accounts{"ada": "countess", "root": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())

	get(t, site, "ada", "countess", "/orders/7", http.StatusOK)
	awaitEntry(t, logs, "ada")
	get(t, site, "ada", "wrong", "/orders/8", http.StatusUnauthorized)

	row := get(t, site, "root", "secret", "/userlog/static?username=ada", http.StatusOK).Find("#rows > tr")
	if url := row.Find("td.url > code").Text(); row.Length() != 1 || url != "/orders/7" {
		t.Errorf("the admin shows %d rows, the first with URL %q; want 1 with /orders/7", row.Length(), url)
	}
	refused := get(t, site, "ada", "countess", "/userlog/static?username=root", http.StatusForbidden)
	if refused.Find("table#log").Length() != 0 {
		t.Error("ada, who is no superuser, sees a log")
	}
}

// get requests a page with basic authentication and returns it.
func get(t *testing.T, site http.Handler, user, password, path string, status int) *goquery.Document {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.SetBasicAuth(user, password)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	if w.Code != status {
		t.Fatalf("GET %s as %s: status %d, want %d", path, user, w.Code, status)
	}
	page, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// awaitEntry waits until the first entry of the user's log is in Redis.
func awaitEntry(t *testing.T, logs *store.Store, username string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	subscription, err := logs.Subscribe(username, "")
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	for {
		update, err := subscription.Next(ctx)
		if err != nil {
			t.Fatalf("no entry for %s: %v", username, err)
		}
		if len(update.Entries) > 0 {
			return
		}
	}
}

func TestRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, redistest.Start(t).URL, "127.0.0.1:0", gin.Accounts{"ada": "countess"}); err != nil {
		t.Errorf("run: %v", err)
	}
	if err := run(ctx, "", "127.0.0.1:0", nil); err == nil || !strings.Contains(err.Error(), "REDIS_URL") {
		t.Errorf("run without a Redis URL: %v", err)
	}
}

// The program ends also where Redis is away, and says what was lost.
func TestStopWithoutRedis(t *testing.T) {
	logs, err := store.Open("unix:///nowhere.sock", store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, admin, err := application(logs, gin.Accounts{"ada": "countess"})
	if err != nil {
		t.Fatal(err)
	}
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200})
	if err := stop(admin, new(http.Server), logs); err == nil || !strings.Contains(err.Error(), "1 ") {
		t.Errorf("stop: %v", err)
	}
	if lost := logs.Stats().Dropped.Closed; lost != 1 {
		t.Errorf("%d entries were lost, want 1", lost)
	}
}
