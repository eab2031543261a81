package handlers_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Programs print what they are told. So nothing that a terminal would obey, or that rearranges a line, is in it as it is.
func TestProgramsAreToldPrintableText(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	const name = "a\u202eb\u200b"
	s.record(name, "/\u009b2J\u202e\u2066")
	bearer := []string{"Authorization", "Bearer " + s.token(root)}
	told := map[string]string{}
	for _, target := range []string{"/api/users", "/api/log?username=a%E2%80%AEb%E2%80%8B", "/api/log?username=%C2%9B"} {
		told[target] = s.stranger().get(base+target, bearer...).body
	}
	conn, response := s.stranger().dial(base+"/live/socket?format=json&username=a%E2%80%AEb%E2%80%8B", append(bearer, "Origin", "")...)
	if conn == nil {
		t.Fatalf("the socket: %d", response.StatusCode)
	}
	_, message, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	told["the socket"] = string(message)
	_ = conn.WriteMessage(websocket.CloseMessage, nil) // the test is over
	for what, text := range told {
		if text == "" || strings.ContainsFunc(strings.TrimSuffix(text, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%s: %q", what, text)
		}
	}
	if !strings.Contains(told["the socket"], `\u009b2J\u202e`) {
		t.Errorf("the socket: %s", told["the socket"])
	}
}
