package middleware

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

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
		p.table[newPageKey(key)] = name
	}
	return p
}

func newPageKey(key string) pageKey {
	if method, route, found := strings.Cut(key, " "); found {
		return pageKey{method, route}
	}
	return pageKey{"", key}
}

// CheckPageNames returns an error that lists the keys of names, as in [Options].PageNames, that match no route of the engine.
// Call it when all routes have been added. It does not block.
func CheckPageNames(engine *gin.Engine, names map[string]string) error {
	known := map[pageKey]bool{}
	for _, route := range engine.Routes() {
		known[pageKey{"", route.Path}], known[pageKey{route.Method, route.Path}] = true, true
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(names)) {
		if !known[newPageKey(key)] {
			faults = append(faults, fmt.Errorf("middleware: %q in PageNames matches no route: write it as Gin lists the route, such as /orders/:id or POST /orders/:id", key))
		}
	}
	return errors.Join(faults...)
}

// checkPageNames returns an error for the first key that can match no route of any engine of Gin.
func checkPageNames(names map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(names)) {
		k := newPageKey(key)
		switch {
		case k.method != strings.ToUpper(k.method):
			return fmt.Errorf("%q in PageNames can match no route: write the method in capitals", key)
		case !strings.HasPrefix(k.route, "/"):
			return fmt.Errorf("%q in PageNames can match no route: a route begins with a slash", key)
		case strings.ContainsAny(k.route, "{}<>?"):
			return fmt.Errorf("%q in PageNames can match no route: Gin writes a parameter as in /orders/:id", key)
		}
	}
	return nil
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
