package soak

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// network lies between the recorder and Redis.
type network struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

// behindNetwork starts a Redis, which the server's own clients reach directly, and the client that
// is returned through a network that can fail.
func behindNetwork(t *testing.T) (*redistest.Server, *network, *redis.Client) {
	t.Helper()
	server := redistest.StartTCP(t)
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(proxies, "redis", "127.0.0.1:0", server.Address)
	if err := proxy.Start(); err != nil {
		t.Fatalf("start the proxy: %v", err)
	}
	t.Cleanup(proxy.Stop)
	client := redis.NewClient(&redis.Options{Addr: proxy.Listen})
	t.Cleanup(func() { client.Close() })
	return server, &network{t, proxy}, client
}

// fail adds a toxic to a stream: "upstream" to Redis, or "downstream" from it.
func (n *network) fail(toxic, stream, attributes string) {
	n.t.Helper()
	wire := fmt.Sprintf(`{"name": %q, "type": %q, "stream": %q, "attributes": {%s}}`, toxic+stream, toxic, stream, attributes)
	if _, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(wire)); err != nil {
		n.t.Fatalf("make the network fail: %v", err)
	}
}

// blackhole has everything that is sent disappear, in both directions; connections stay open.
func (n *network) blackhole() {
	n.t.Helper()
	n.fail("timeout", "upstream", `"timeout": 0`)
	n.fail("timeout", "downstream", `"timeout": 0`)
}

// refuse closes every connection and accepts none.
func (n *network) refuse() { n.proxy.Stop() }

// heal undoes every fault.
func (n *network) heal() {
	n.t.Helper()
	n.proxy.Toxics.ResetToxics(n.t.Context())
	if err := n.proxy.Start(); err != nil && !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
		n.t.Fatalf("heal the network: %v", err)
	}
}
