package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

func TestWatchSaysWhyItIsRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	err := follow(io.Discard, "ws"+strings.TrimPrefix(server.URL, "http"), "userlog_x")
	if err == nil || err.Error() != "not to be watched: refused: 404 Not Found: 404 page not found" {
		t.Errorf("got %v", err)
	}
}

func TestWatch(t *testing.T) {
	logs, err := embedded.Open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	admin, err := handlers.New(logs, handlers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).Invite(t.Context(), "robot", auth.Viewer); err != nil {
		t.Fatal(err)
	}
	token, err := auth.NewTokens(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}).Create(t.Context(), "robot", "watch", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	admin.Mount(engine.Group("/userlog"))
	server := httptest.NewServer(engine)
	defer server.Close()

	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/orders/7\u009b2J\u202e", Code: 200})
	read, write := io.Pipe()
	address := "ws" + strings.TrimPrefix(server.URL, "http") + "/userlog/live/socket?username=ada&format=json"
	conn, err := connect(address, token, "unknown")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var cursor string
	ended := make(chan error, 1)
	go func() {
		var err error
		cursor, err = watch(write, conn, "")
		ended <- err
	}()
	lines := bufio.NewReader(read)
	for _, want := range []string{"requests may be missing here\n", "ada GET /orders/7\\u009b2J\\u202e 200\n"} {
		if line, err := lines.ReadString('\n'); err != nil || line != want {
			t.Errorf("printed %q, %v; want %q", line, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := admin.Close(ctx); err != nil {
		t.Error(err)
	}
	var closed *websocket.CloseError
	if err := <-ended; !errors.As(err, &closed) || closed.Code != websocket.CloseServiceRestart {
		t.Errorf("ended with %v", err)
	}
	if log, err := logs.Log(t.Context(), "ada"); err != nil || cursor != log.Entries[0].ID {
		t.Errorf("it goes on after %q, not after %v, %v", cursor, log.Entries, err)
	}
	// The server is stopping: that is no reason to give up.
	if _, err := connect(address, token, cursor); err == nil || errors.Is(err, errInVain) {
		t.Errorf("then: %v", err)
	}
}
