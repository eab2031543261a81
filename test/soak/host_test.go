package soak

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// In every state of Redis, the host's answers are the same as without userlog.
func TestHost(t *testing.T) {
	t.Parallel()
	requests := long(1000, 100_000)
	for _, test := range []struct {
		name  string
		store func(t *testing.T) *store.Store
	}{
		{"up", func(t *testing.T) *store.Store {
			return open(t, redistest.Start(t).Client(t), store.Options{})
		}},
		{"refused", func(t *testing.T) *store.Store {
			server := redistest.Start(t)
			logs := open(t, server.Client(t), store.Options{})
			warm(t, logs)
			server.Kill()
			return logs
		}},
		{"stopped", func(t *testing.T) *store.Store {
			server := redistest.Start(t)
			logs := open(t, server.Client(t), store.Options{})
			warm(t, logs)
			server.Pause()
			return logs
		}},
		{"blackholed", func(t *testing.T) *store.Store {
			_, network, client := behindNetwork(t)
			logs := open(t, client, store.Options{})
			warm(t, logs)
			network.blackhole()
			return logs
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logs := test.store(t)
			before := logs.Stats().Accepted
			took, slowest := browse(t, logs, requests)
			if n := logs.Stats().Accepted - before; n != uint64(requests) {
				t.Errorf("%d of %d requests were recorded", n, requests)
			}
			summary(t, logs, "host, Redis "+test.name, "requests", requests, "took", took, "slowest", slowest)
			_, _ = closeWithin(logs, 100*time.Millisecond) // what can't be written is not what this is about
		})
	}
}

// browse sends requests to an application whose answers depend on the request, several at a time,
// and checks status and body of each.
func browse(t *testing.T, logs *store.Store, requests int) (took, slowest time.Duration) {
	t.Helper()
	const clients = 8
	server := httptest.NewServer(application(logs))
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var all sync.WaitGroup
	var mu sync.Mutex
	started := time.Now()
	for c := range clients {
		all.Go(func() {
			longest := time.Duration(0)
			for n := c; n < requests; n += clients {
				before := time.Now()
				if err := ask(client, server.URL, n); err != nil {
					t.Error(err)
				}
				longest = max(longest, time.Since(before))
			}
			mu.Lock()
			slowest = max(slowest, longest)
			mu.Unlock()
		})
	}
	all.Wait()
	return time.Since(started), slowest
}

func application(logs *store.Store) http.Handler {
	r := gin.New()
	r.Use(middleware.Track(logs, func(c *gin.Context) string { return "user-" + c.Param("n") }, middleware.Options{}))
	r.GET("/orders/:n", func(c *gin.Context) {
		status, body := expected(c.Param("n"))
		c.String(status, body)
	})
	return r
}

// expected is the application's answer.
func expected(n string) (status int, body string) {
	return 200 + 100*(len(n)%4), "order " + n
}

// ask sends one request and compares the response.
func ask(client *http.Client, url string, n int) error {
	name := fmt.Sprint(n)
	status, body := expected(name)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/orders/"+name+"?token=secret&n="+name, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status || string(got) != body {
		return fmt.Errorf("order %d: %d %q, %v", n, response.StatusCode, got, err)
	}
	return nil
}
