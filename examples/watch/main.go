// Command watch prints a user's requests as they happen, from the live socket of an admin: what a
// program of yours might do with them. It needs a token: make one on the admin's page Account, or for
// an account that is a program's with userlog account token.
//
//	USERLOG_TOKEN=userlog_… go run ./examples/watch 'ws://127.0.0.1:8080/userlog/live/socket?username=ada&format=json'
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/store"
)

// errInVain is why connecting again would not help.
var errInVain = errors.New("not to be watched")

// accessEnded is the code with which a socket ends whose token may not look any longer.
const accessEnded = 4001

// connect opens a live socket that goes on after a cursor; "" = with everything that there is.
func connect(address, token, after string) (*websocket.Conn, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInVain, err)
	}
	query := target.Query()
	if after != "" {
		query.Set("after", after)
	}
	target.RawQuery = query.Encode()
	//lint:ignore bodyclose a dialer leaves nothing open that has to be closed
	conn, answer, err := websocket.DefaultDialer.Dial(target.String(), http.Header{"Authorization": {"Bearer " + token}})
	if !errors.Is(err, websocket.ErrBadHandshake) {
		return conn, err
	}
	why, _ := io.ReadAll(answer.Body) // in memory already, cut to 1 KiB
	err = fmt.Errorf("refused: %s: %s", answer.Status, strings.TrimSpace(string(why)))
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode < http.StatusInternalServerError {
		err = fmt.Errorf("%w: %w", errInVain, err)
	}
	return nil, err
}

// watch prints what a live socket tells until it is closed, and returns the cursor after which to go on.
func watch(w io.Writer, conn *websocket.Conn, cursor string) (string, error) {
	state := "live"
	for {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // something comes every 25 s, if only a status
		_, line, err := conn.ReadMessage()
		if err != nil {
			return cursor, err // connect again with after=<cursor>
		}
		var message struct{ Type, State, Cursor string }
		var entry store.Entry
		if err := json.Unmarshal(line, &message); err != nil {
			return cursor, err
		}
		switch message.Type {
		case "entry":
			if err := json.Unmarshal(line, &entry); err != nil {
				return cursor, err
			}
			if entry.Gap != nil {
				fmt.Fprintln(w, "requests may be missing here")
			}
			fmt.Fprintln(w, visible(entry.Username), visible(entry.Method), visible(entry.Path), entry.Code)
		case "gap":
			fmt.Fprintln(w, "requests may be missing here")
		case "status":
			if message.State != state {
				state = message.State
				fmt.Fprintln(w, "the log is", state)
			}
		}
		cursor = cmp.Or(message.Cursor, cursor)
	}
}

// visible is a text of strangers that can do nothing to a terminal: what is not printable is escaped. Such are control characters,
// and those that rearrange the line.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// follow watches, and connects again where it was, until that is in vain.
func follow(w io.Writer, address, token string) error {
	for cursor := ""; ; time.Sleep(time.Second) {
		conn, err := connect(address, token, cursor)
		if err == nil {
			cursor, err = watch(w, conn, cursor)
			conn.Close()
		}
		if errors.Is(err, errInVain) || websocket.IsCloseError(err, accessEnded) {
			return err
		}
		log.Print("connecting again: ", err)
	}
}

func main() {
	token := os.Getenv("USERLOG_TOKEN") // not an argument: others on the machine can read those
	if len(os.Args) != 2 || token == "" {
		log.Fatal("usage: USERLOG_TOKEN=userlog_… watch 'ws://127.0.0.1:8080/userlog/live/socket?username=ada&format=json'")
	}
	log.Fatal(follow(os.Stdout, os.Args[1], token))
}
