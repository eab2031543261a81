package live

import "sync"

// Limits of the cache.
const (
	cachedBytes = 6 << 20 // of one generation, about: 2,000 rows, or 40 frames of a hundred
	pieceBytes  = 300     // of a piece besides its HTML, about
)

// pieceCache renders each piece of a page once for all who read the same language. It has two
// generations: when the young one is full it becomes the old one, and what nobody asked for meanwhile is
// forgotten.
type pieceCache struct {
	mu         sync.Mutex
	young, old map[any]*piece
	bytes      int // of young
}

// piece is rendered by the first who asks for it, while the others wait.
type piece struct {
	ready chan struct{} // closed when it is rendered: all who wait go on at once
	html  []byte
	err   error
	bytes int // under the cache's lock; only when it is rendered those of html, too
}

func newPieceCache() *pieceCache { return &pieceCache{young: make(map[any]*piece)} }

// get returns the piece of a key, rendered now if it is not there; render may ask for other pieces. The
// result must not be changed.
func (c *pieceCache) get(key any, render func() ([]byte, error)) ([]byte, error) {
	p, fresh := c.find(key)
	if fresh {
		p.err = safely(func() (err error) { p.html, err = render(); return err })
		close(p.ready)
		c.weigh(key, p)
	} else {
		<-p.ready
	}
	if p.err != nil {
		c.forget(key) // the next may have more luck
	}
	return p.html, p.err
}

// find returns the piece of a key, and keeps it for another generation; the caller has to render a fresh one.
func (c *pieceCache) find(key any) (p *piece, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.young[key]; ok {
		return p, false
	}
	p, ok := c.old[key]
	if !ok {
		p = &piece{ready: make(chan struct{}), bytes: pieceBytes}
	}
	if c.bytes >= cachedBytes {
		c.young, c.old, c.bytes = make(map[any]*piece, len(c.young)), c.young, 0
	}
	c.young[key] = p
	c.bytes += p.bytes
	return p, !ok
}

// weigh counts what a piece takes now that it is rendered.
func (c *pieceCache) weigh(key any, p *piece) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.bytes += len(p.html)
	if c.young[key] == p {
		c.bytes += len(p.html)
	}
}

func (c *pieceCache) forget(key any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, key)
	delete(c.old, key)
}
