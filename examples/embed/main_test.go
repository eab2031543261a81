//go:build unix

package main

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// runsMain makes the test's binary the program itself.
const runsMain = "EMBED_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runsMain) != "" {
		main()
		os.Exit(0)
	}
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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

// The real program ends by SIGTERM where Redis is away, and has said so once. go-redis adds nothing.
func TestSIGTERMWithoutRedis(t *testing.T) {
	t.Parallel()
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), runsMain+"=1", "REDIS_URL=unix:///nowhere.sock", "ADDR=127.0.0.1:0")
	output, err := program.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(redistest.Patience, func() { _ = program.Process.Kill() })
	defer stuck.Stop()
	var lines []string
	var visited, told bool
	var asked time.Time
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if _, address, found := strings.Cut(scanner.Text(), "visit http://"); found {
			address, _, _ = strings.Cut(address, " as")
			visit(t, "http://ada:countess@"+address)
			visited = true
		}
		told = told || strings.Contains(scanner.Text(), "does not take log entries")
		if visited && told && asked.IsZero() {
			// The store goes on trying meanwhile.
			time.AfterFunc(time.Second, func() { _ = program.Process.Signal(syscall.SIGTERM) })
			asked = time.Now().Add(time.Second)
		}
	}
	_ = program.Wait() // with a status that says whether something was lost
	t.Logf("ended %s after SIGTERM", time.Since(asked).Round(time.Millisecond))
	if program.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Error("did not end by itself")
	}
	away := 0
	for _, line := range lines {
		if strings.Contains(line, "redis: ") {
			t.Errorf("go-redis printed: %s", line)
		}
		if strings.Contains(line, "does not take log entries") {
			away++
		}
	}
	if away != 1 {
		t.Errorf("the outage is told %d times:\n%s", away, strings.Join(lines, "\n"))
	}
}

// visit asks for a page of a running program.
func visit(t *testing.T, url string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if response.StatusCode != http.StatusOK {
		t.Errorf("GET %s: status %d", url, response.StatusCode)
	}
}
