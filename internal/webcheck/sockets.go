package webcheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// watched is the user at whose log a visitor with a token looks.
const watched = "userlog-doctor"

// passUpgrades is what to do where a socket does not come through.
const passUpgrades = "Have the proxy pass on upgrades: in nginx, proxy_http_version 1.1 and the headers Upgrade and Connection. docs/hardening.md has an example."

// sockets opens a live log, or without a token only knocks.
func sockets(ctx context.Context, v *visit) ([]Finding, bool) {
	to := v.base().JoinPath("live/socket")
	to.RawQuery = url.Values{"username": {watched}, "format": {"json"}}.Encode()
	if v.options.Token != "" {
		return v.watch(ctx, to), true
	}
	a, err := v.send(ctx, http.MethodGet, to, "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dXNlcmxvZy1kb2N0b3ItMQ==")
	switch {
	case err != nil:
		return []Finding{unreachable(to, err)}, true
	case a.StatusCode != http.StatusUnauthorized: // which is how userlog answers a stranger's socket, and no other request
		return []Finding{noUpgrade(a.StatusCode)}, true
	}
	return nil, true
}

func noUpgrade(status int) Finding {
	return Finding{"no-upgrade", true, fmt.Sprintf("Live logs can't connect: a websocket is answered with status %d.", status), passUpgrades}
}

// watch opens a live log and holds it open.
func (v *visit) watch(ctx context.Context, to *url.URL) []Finding {
	to.Scheme = map[string]string{"http": "ws", "https": "wss"}[to.Scheme]
	transport := v.client.Transport.(*http.Transport)
	dialer := websocket.Dialer{TLSClientConfig: transport.TLSClientConfig, Proxy: transport.Proxy, HandshakeTimeout: pageTimeout}
	//lint:ignore bodyclose a dialer has read the body of what is no websocket, and closed it
	conn, response, err := dialer.DialContext(ctx, to.String(), http.Header{"Authorization": {"Bearer " + v.options.Token}})
	switch {
	case err == nil:
	case response == nil:
		return []Finding{unreachable(to, err)}
	case response.StatusCode == http.StatusUnauthorized:
		return []Finding{{"token", true, "userlog does not know the token.", "Make one with userlog account token, or see whether the proxy passes on Authorization."}}
	case response.StatusCode == http.StatusForbidden, response.StatusCode == http.StatusTooManyRequests:
		return []Finding{{"token", true, fmt.Sprintf("The account of the token may not open a live log: status %d.", response.StatusCode), "Use a token of an account that may, without a reason."}}
	default:
		return []Finding{noUpgrade(response.StatusCode)}
	}
	defer conn.Close()
	return v.hold(ctx, conn)
}

// hold keeps a live log open for as long as it was asked to, and sees whether it answers a ping.
func (v *visit) hold(ctx context.Context, conn *websocket.Conn) []Finding {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetReadLimit(maxPage) // another program may answer, with a message that never ends
	begun := time.Now()
	var ponged, heard bool
	conn.SetPongHandler(func(string) error { ponged = true; return nil })
	_ = conn.SetReadDeadline(begun.Add(v.options.Stay))
	_ = conn.WriteControl(websocket.PingMessage, nil, begun.Add(pageTimeout)) // what fails by it fails below as well
	for {
		_, _, err := conn.ReadMessage()
		var late net.Error
		switch {
		case err == nil:
			heard = true
			continue
		case ctx.Err() != nil:
			return nil
		case !errors.As(err, &late) || !late.Timeout():
			return []Finding{{"socket-cut", true, fmt.Sprintf("A live log was cut after %d s.", int(time.Since(begun).Seconds())), "Let the proxy keep idle connections for more than 30 seconds: proxy_read_timeout 75s in nginx."}}
		case ponged:
			return nil
		case heard:
			return []Finding{{"no-pong", true, "A live log does not answer pings, so that dead connections are not noticed.", passUpgrades}}
		}
		return []Finding{{"socket-silent", true, "A live log connects, and nothing comes through.", "Have the proxy pass on what comes at once: proxy_buffering off in nginx."}}
	}
}
