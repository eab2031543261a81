// Package embedded is a userlog store without a Redis server, for trying things out: an imitation
// of Redis inside the process, reached through memory. It opens no port. What it holds is gone when
// the process ends, and no other process can see it.
package embedded

import (
	"fmt"

	"github.com/gin-userlog/userlog/internal/memredis"
	"github.com/gin-userlog/userlog/store"
)

// Open returns a store of its own. Closing the store ends everything that Open started. Bad options
// are the only errors.
func Open(options store.Options) (*store.Store, error) {
	server := memredis.Start()
	client := server.Client()
	logs, err := store.New(client, options)
	if err != nil {
		client.Close()
		server.Close()
		return nil, fmt.Errorf("embedded: %w", err)
	}
	logs.OnClose(func() {
		client.Close()
		server.Close()
	})
	return logs, nil
}
