package live

import "sync"

// Limits of the cache.
const (
	cachedBytes = 6 << 20 // of one generation, about: 2,000 rows, or 40 frames of a hundred
	itemBytes   = 300     // of an item besides its HTML, about
)

// renderCache renders each row and frame once for all viewers who read the same language. It has two
// generations. When the young one is full it becomes the old one, and items that nobody asked for meanwhile are
// forgotten.
type renderCache struct {
	mu         sync.Mutex
	young, old map[any]*rendered
	bytes      int // of young
}

// rendered is an item of the cache. The first viewer that asks for it renders it, while the others wait.
type rendered struct {
	ready chan struct{} // closed when the item is rendered: all who wait go on at once
	html  []byte
	err   error
	bytes int // under the cache's lock; those of html are added when it is rendered
}

func newRenderCache() *renderCache { return &renderCache{young: make(map[any]*rendered)} }

// get returns the item of a key, rendered now if it is not there. render may ask for other items. The
// result must not be changed.
func (c *renderCache) get(key any, render func() ([]byte, error)) ([]byte, error) {
	item, fresh := c.find(key)
	if fresh {
		item.err = safely(func() (err error) { item.html, err = render(); return err })
		close(item.ready)
		c.weigh(key, item)
	} else {
		<-item.ready
	}
	if item.err != nil {
		c.forget(key) // the next may have more luck
	}
	return item.html, item.err
}

// find returns the item of a key, and keeps it for another generation. The caller has to render a fresh one.
func (c *renderCache) find(key any) (item *rendered, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if item, ok := c.young[key]; ok {
		return item, false
	}
	item, ok := c.old[key]
	if !ok {
		item = &rendered{ready: make(chan struct{}), bytes: itemBytes}
	}
	if c.bytes >= cachedBytes {
		c.young, c.old, c.bytes = make(map[any]*rendered, len(c.young)), c.young, 0
	}
	c.young[key] = item
	c.bytes += item.bytes
	return item, !ok
}

// weigh counts the bytes of an item now that it is rendered.
func (c *renderCache) weigh(key any, item *rendered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	item.bytes += len(item.html)
	if c.young[key] == item {
		c.bytes += len(item.html)
	}
}

func (c *renderCache) forget(key any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, key)
	delete(c.old, key)
}
