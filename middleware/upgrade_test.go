package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/middleware"
)

func TestTrackRecordsAnUpgradeWhenItHappens(t *testing.T) {
	logs := &memory{}
	r := gin.New()
	r.Use(middleware.Track(logs, header, middleware.Options{}))
	upgrader := websocket.Upgrader{}
	r.GET("/socket", func(c *gin.Context) {
		conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.ReadMessage() // until the client closes
	})
	server := httptest.NewServer(r)
	defer server.Close()
	url := "ws" + strings.TrimPrefix(server.URL, "http") + "/socket"
	conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"X-User": {"ada"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if entries := logs.await(t, 1); len(entries) != 1 || entries[0].Code != 101 || entries[0].Username != "ada" {
		t.Fatalf("while the socket is open: recorded %+v", entries)
	}

	refused, _, err := websocket.DefaultDialer.Dial(url, http.Header{"X-User": {"bob"}, "Origin": {"http://evil.example"}})
	if err == nil {
		refused.Close()
		t.Fatal("the upgrade was not refused")
	}
	entries := logs.all()
	if len(entries) != 2 || entries[1].Code != http.StatusForbidden {
		t.Errorf("a refused upgrade: recorded %+v", entries)
	}
}
