package webcheck

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A socket of another program may send a message without an end. It is not read into memory.
func TestAnEndlessMessage(t *testing.T) {
	t.Parallel()
	const most = 64 << 20
	sent := make(chan int, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		n, raw, zeros := 0, conn.NetConn(), make([]byte, 1<<20)
		for _, err = raw.Write([]byte{0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0}); err == nil && n < most; n += len(zeros) {
			_, err = raw.Write(zeros)
		}
		sent <- n
	}))
	defer server.Close()
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{options: Options{Token: "userlog_x", Stay: time.Minute}, client: &http.Client{Transport: &http.Transport{}}}
	if found := v.watch(t.Context(), to); len(found) != 1 || found[0].Name != "socket-cut" {
		t.Errorf("found %+v", found)
	}
	if n := <-sent; n >= most {
		t.Errorf("%d bytes are read", n)
	}
}
