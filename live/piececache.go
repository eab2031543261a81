package live

import "sync"

// cachedPieces is how many pieces one generation of the cache holds; a row has about 3 KB.
const cachedPieces = 2048

// pieceCache renders each piece of a page once for all who read the same language. It has two
// generations: when the young one is full it becomes the old one, and what nobody asked for meanwhile is
// forgotten.
type pieceCache struct {
	mu         sync.Mutex
	young, old map[any][]byte
}

func newPieceCache() *pieceCache { return &pieceCache{young: make(map[any][]byte)} }

// get returns the piece of a key, rendered now if it is not there. It must not be changed.
func (c *pieceCache) get(key any, render func() ([]byte, error)) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if html, ok := c.young[key]; ok {
		return html, nil
	}
	html, ok := c.old[key]
	if !ok {
		var err error
		if html, err = render(); err != nil {
			return nil, err
		}
	}
	if len(c.young) == cachedPieces {
		c.young, c.old = make(map[any][]byte, cachedPieces), c.young
	}
	c.young[key] = html
	return html, nil
}
