package middleware

import (
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// pageNames is what the host calls its pages; R is how its framework shows a request.
type pageNames[R any] struct {
	ask   func(R) string // or nil
	table map[pageKey]string
}

// pageKey is a route, or what one method does there.
type pageKey struct{ method, route string }

// newPageNames reads the keys of names: a route, or a method, a space and a route.
func newPageNames[R any](ask func(R) string, names map[string]string) pageNames[R] {
	p := pageNames[R]{ask: ask, table: make(map[pageKey]string, len(names))}
	for key, name := range names {
		method, route, found := strings.Cut(key, " ")
		if !found {
			method, route = "", key
		}
		p.table[pageKey{method, route}] = name
	}
	return p
}

// name is the name of the page or action that a request was for, "" if it has none.
func (p *pageNames[R]) name(r R, e *store.Entry) string {
	if p.ask != nil {
		if name := p.ask(r); name != "" {
			return name
		}
	}
	if e.Route == "" || len(p.table) == 0 {
		return ""
	}
	if name, found := p.table[pageKey{e.Method, e.Route}]; found {
		return name
	}
	return p.table[pageKey{"", e.Route}]
}
