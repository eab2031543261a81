package demo

import (
	"strconv"
	"strings"
	"sync"
)

// shelf is what the shop has to sell of which there is one at a time. Each piece has a number, which a cart remembers.
type shelf struct {
	mu   sync.Mutex
	sold map[string]int // pieces, by the product's id
}

// item is what a cart keeps of a product: its id, and of a single one the number of the piece.
func (s *shelf) item(p product) string {
	if !p.Single {
		return p.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.ID + "/" + strconv.Itoa(s.sold[p.ID])
}

// productOf is the product of an item.
func productOf(item string) (product, bool) {
	id, _, _ := strings.Cut(item, "/")
	return findProduct(id)
}

// has reports whether an item of a cart can still be bought.
func (s *shelf) has(item string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasNow(item)
}

func (s *shelf) hasNow(item string) bool {
	id, piece, single := strings.Cut(item, "/")
	return !single || piece == strconv.Itoa(s.sold[id])
}

// sell takes all items of a cart off the shelf, or none where one of them is gone.
func (s *shelf) sell(items []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range items {
		if !s.hasNow(item) {
			return false
		}
	}
	for _, item := range items {
		if id, _, single := strings.Cut(item, "/"); single {
			s.sold[id]++
		}
	}
	return true
}
