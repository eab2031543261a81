package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/store"
)

const (
	loginPairs   = 200 // attempts for a known account, and as many for unknown ones
	loginTimeGap = 5   // percent by which the medians may differ
)

// measureLogin compares how long a wrong password takes for an account that there is, and for one that
// there is not, as somebody sees it who wants to know which names are accounts.
func measureLogin(ctx context.Context, l lab) (found []finding, err error) {
	server, err := startRedis(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	quiet := slog.New(slog.DiscardHandler)
	logs, err := store.Open(server.url, store.Options{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, logs.Close(ctx)) }()
	const known, unknown = "known-account", "other-account"
	if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).Create(ctx, known, auth.Superuser, "correct horse battery"); err != nil {
		return nil, fmt.Errorf("create an account: %w", err)
	}
	admin, err := handlers.New(logs, handlers.Options{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("build the admin: %w", err)
	}
	defer func() { err = errors.Join(err, admin.Close(ctx)) }()
	gin.SetMode(gin.ReleaseMode)
	site := gin.New()
	admin.Mount(site)

	took := make(map[string][]float64)
	attempts := max(int(loginPairs*l.scale), 10)
	for n := range attempts {
		names := []string{known, unknown}
		if n%2 == 1 { // neither is always the first
			names[0], names[1] = names[1], names[0]
		}
		for i, name := range names {
			d, err := attemptLogin(ctx, site, name, 2*n+i)
			if err != nil {
				return nil, err
			}
			took[name] = append(took[name], microseconds(d))
		}
	}
	return []finding{loginFinding(attempts, median(took[known]), median(took[unknown]))}, nil
}

// attemptLogin sends a wrong password, from an address of its own so that nothing is put off.
func attemptLogin(ctx context.Context, site http.Handler, name string, n int) (time.Duration, error) {
	form := url.Values{"username": {name}, "password": {"wrong horse battery"}}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", n/256, n%256)
	w := httptest.NewRecorder()
	runtime.GC() // each hash fills the heap: which attempt has it emptied is chance, and would decide the median
	begun := time.Now()
	site.ServeHTTP(w, r)
	took := time.Since(begun)
	if w.Code != http.StatusUnprocessableEntity {
		return 0, fmt.Errorf("a login with a wrong password was answered %d", w.Code)
	}
	return took, nil
}

// loginFinding compares the medians, in microseconds.
func loginFinding(attempts int, known, unknown float64) finding {
	gap := 100 * math.Abs(known-unknown) / known
	return finding{
		what: "login: a wrong password, for an account and for none",
		must: fmt.Sprintf("medians within %d %%", loginTimeGap),
		measured: fmt.Sprintf("%.2f and %.2f ms, %.1f %% apart (medians of %d interleaved attempts each)",
			known/1000, unknown/1000, gap, attempts),
		met: gap <= loginTimeGap,
	}
}
