// Package embedded is a store without a Redis server, for tests and for trying things out. It imitates
// Redis inside the process, and is reached through memory.
//
// It takes the place of store.Open:
//
//	logs, err := embedded.Open(store.Options{})
//
// It opens no port. Its data is gone when the process ends, and no other process can see it.
package embedded

import (
	"fmt"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded/internal/memredis"
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
