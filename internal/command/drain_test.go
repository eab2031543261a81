//go:build unix

package command_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A server that was asked to end tells live pages to connect elsewhere, and ends. What it does before is tested where a second
// signal can end it.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, environ{"USERLOG_DRAIN": "1ms"}, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL,
		"--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	v.logIn("/userlog", "root", password)
	dialer := websocket.Dialer{Jar: v.client.Jar}
	address := "ws" + strings.TrimPrefix(v.origin, "http") + "/userlog/live/socket?everyone=1"
	conn, _, err := dialer.Dial(address, http.Header{"Origin": {v.origin}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r.stop()
	r.err.await(t, "still serving for a while")
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, _, err = conn.ReadMessage()
	}
	if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the socket ended with %v", err)
	}
	r.end(t)
}

func TestDrainIsADuration(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"-1s": "--drain is -1s: use a duration such as 5s, or 0s for none", "5": `"5" is not a duration`} {
		if r := do(t, nil, "", "serve", "--drain="+value, "--addr", "127.0.0.1:0"); r.status != 2 || !strings.Contains(r.err, want) {
			t.Errorf("%s: status %d, %q", value, r.status, r.err)
		}
	}
}
