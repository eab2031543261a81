package store_test

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestNewestNeedsRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, server.Client(t), store.Options{})
	server.Kill()
	if newest, err := logs.Newest(t.Context(), 2, "ada"); err == nil {
		t.Errorf("without Redis: %v", newest)
	}
}
