// Command watch prints a user's requests as they happen, from the live socket of an admin: what a
// program of yours might do with them. It needs a token: make one on the admin's page Account, or for
// an account that is a program's with userlog account token.
//
//	USERLOG_TOKEN=userlog_… go run ./examples/watch 'ws://127.0.0.1:8080/userlog/live/socket?username=ada&format=json'
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/store"
)

// watch prints what a live socket tells until it is closed.
func watch(w io.Writer, url, token string) error {
	conn, answer, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer " + token}})
	switch {
	case errors.Is(err, websocket.ErrBadHandshake):
		why, _ := io.ReadAll(answer.Body) // in memory already, cut to 1 KiB
		return fmt.Errorf("refused: %s: %s", answer.Status, strings.TrimSpace(string(why)))
	case err != nil:
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	state := "live"
	for {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // something comes every 25 s, if only a status
		_, line, err := conn.ReadMessage()
		if err != nil {
			return err // connect again with after= and the last cursor
		}
		var message struct{ Type, State string }
		var entry store.Entry
		if err := json.Unmarshal(line, &message); err != nil {
			return err
		}
		switch message.Type {
		case "entry":
			if err := json.Unmarshal(line, &entry); err != nil {
				return err
			}
			fmt.Fprintln(w, entry.Username, entry.Method, entry.Path, entry.Code)
		case "gap":
			fmt.Fprintln(w, "requests may be missing here")
		case "status":
			if message.State != state {
				state = message.State
				fmt.Fprintln(w, "the log is", state)
			}
		}
	}
}

func main() {
	token := os.Getenv("USERLOG_TOKEN") // not an argument: others on the machine can read those
	if len(os.Args) != 2 || token == "" {
		log.Fatal("usage: USERLOG_TOKEN=userlog_… watch 'ws://127.0.0.1:8080/userlog/live/socket?username=ada&format=json'")
	}
	log.Fatal(watch(os.Stdout, os.Args[1], token))
}
