package handlers_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// Middlewares of the host see the end of a socket's request when the socket is open, with the status that was sent, and not
// hours later.
func TestMiddlewaresSeeTheEndOfASocketsRequest(t *testing.T) {
	t.Parallel()
	quiet := slog.New(slog.DiscardHandler)
	logs, err := store.New(redistest.Patient(t, redistest.Start(t).Client(t)), store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := handlers.New(logs, handlers.Options{
		Logger: quiet, Identify: func(*gin.Context) (string, auth.Role) { return "root", auth.Superuser },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1) // with which status
	engine := gin.New()
	engine.Use(func(c *gin.Context) {
		c.Next()
		ended <- c.Writer.Status()
	})
	admin.Mount(engine.Group(base))
	server := httptest.NewServer(engine)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, _ = admin.Close(ctx), logs.Close(ctx) // Redis may be gone
		server.Close()
	})
	address := "ws" + strings.TrimPrefix(server.URL, "http") + base + "/live/socket?format=json&username=ada"
	conn, _, err := websocket.DefaultDialer.Dial(address, http.Header{"Origin": {server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if status := <-ended; status != http.StatusSwitchingProtocols {
		t.Errorf("the request of a socket ends with %d", status)
	}
	logs.Record(store.Entry{Username: "ada", Method: http.MethodGet, Path: "/first", Code: http.StatusOK})
	if got := readPath(t, conn); got != "/first" {
		t.Errorf("the socket has %q", got)
	}
	plain, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(address, "ws"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Origin": server.URL} { // and no key
		plain.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(plain)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if status := <-ended; status != answer.StatusCode || status < http.StatusBadRequest {
		t.Errorf("a handshake that fails ends with %d, and is answered %d", status, answer.StatusCode)
	}
}
