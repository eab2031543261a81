package live

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// refuseWait is how long a page that is refused may take to read why. Its frame fits into what the system buffers.
const refuseWait = time.Second

// Refuse upgrades the request of a page that can't be served, sends it a frame that says why, and closes the socket (1013). A
// browser tells a page nothing of an answer before the upgrade. It blocks for about a second at most. After an error the
// request has been answered, or its connection is gone.
func (h *Hub) Refuse(w http.ResponseWriter, r *http.Request, frame []byte) error {
	conn, err := h.melody.Upgrader.Upgrade(w, r, nil)
	if err != nil {
		return fmt.Errorf("refuse a page: %w", err)
	}
	defer conn.Close()
	deadline := time.Now().Add(refuseWait)
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("refuse a page: %w", err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, frame); err != nil {
		return fmt.Errorf("refuse a page: %w", err)
	}
	// The page's messages are read, or the system would cut the connection off, and not end it.
	conn.SetReadLimit(maxInbound)
	if err := conn.SetReadDeadline(deadline); err != nil {
		return fmt.Errorf("refuse a page: %w", err)
	}
	goodbye := websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "not served now")
	if err := conn.WriteControl(websocket.CloseMessage, goodbye, deadline); err != nil {
		return fmt.Errorf("refuse a page: %w", err)
	}
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return nil // the page has answered, or taken too long
		}
	}
}
