package live

import (
	"sync"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// cachedRows is how many rows one generation of the cache holds; a row has about 1 KB.
const cachedRows = 2048

// rowStyle is everything but the entry that a row depends on.
type rowStyle struct {
	lang, base string
	withUser   bool
}

// rowKey names a row. Entries are shared by all viewers of a log, so the pointer identifies them.
type rowKey struct {
	entry *store.Entry
	style rowStyle
}

// rowCache renders each entry once for all who read the same language. It has two generations: when
// the young one is full it becomes the old one, and what nobody asked for meanwhile is forgotten.
type rowCache struct {
	views *views.Set

	mu         sync.Mutex
	young, old map[rowKey][]byte
}

func newRowCache(set *views.Set) *rowCache {
	return &rowCache{views: set, young: make(map[rowKey][]byte)}
}

// row returns the rendered entry, which must not be changed.
func (c *rowCache) row(entry *store.Entry, style rowStyle) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := rowKey{entry, style}
	if html, ok := c.young[key]; ok {
		return html, nil
	}
	html, ok := c.old[key]
	if !ok {
		var err error
		if html, err = c.views.Row(style.lang, style.base, *entry, style.withUser); err != nil {
			return nil, err
		}
	}
	if len(c.young) == cachedRows {
		c.young, c.old = make(map[rowKey][]byte, cachedRows), c.young
	}
	c.young[key] = html
	return html, nil
}
