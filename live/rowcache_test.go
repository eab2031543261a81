package live

import (
	"bytes"
	"testing"

	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func newCache(t *testing.T) *rowCache {
	t.Helper()
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	set, err := views.New(assets)
	if err != nil {
		t.Fatal(err)
	}
	return newRowCache(set)
}

// same reports whether two rows are one piece of memory, which was rendered once.
func same(a, b []byte) bool { return &a[0] == &b[0] }

func TestARowIsRenderedOncePerStyle(t *testing.T) {
	cache := newCache(t)
	row := func(entry *store.Entry, style rowStyle) []byte {
		html, err := cache.row(entry, style)
		if err != nil {
			t.Fatal(err)
		}
		return html
	}
	entry, twin := &store.Entry{ID: "1", Username: "ada", Method: "GET", Path: "/a"}, &store.Entry{ID: "1", Username: "ada", Method: "GET", Path: "/b"}
	english := rowStyle{"en", "/base", false}
	first := row(entry, english)
	if !same(first, row(entry, english)) {
		t.Error("the second viewer's row was rendered again")
	}
	if bytes.Equal(first, row(twin, english)) {
		t.Error("another entry of the same id has the same row")
	}
	for _, other := range []rowStyle{{"fr", "/base", false}, {"en", "/base", true}} {
		if bytes.Equal(first, row(entry, other)) {
			t.Errorf("in %+v the row is the same", other)
		}
	}
	if withUser := row(entry, rowStyle{"en", "/other", true}); bytes.Contains(withUser, []byte("/base/")) {
		t.Errorf("below another path: %s", withUser)
	}
}

func TestRowsThatNobodyAsksForAreForgotten(t *testing.T) {
	cache := newCache(t)
	style := rowStyle{lang: "en"}
	asked, forgotten := &store.Entry{ID: "asked"}, &store.Entry{ID: "forgotten"}
	first, _ := cache.row(asked, style)
	if _, err := cache.row(forgotten, style); err != nil {
		t.Fatal(err)
	}
	for range 3 * cachedRows {
		if _, err := cache.row(&store.Entry{}, style); err != nil {
			t.Fatal(err)
		}
		again, err := cache.row(asked, style)
		if err != nil || !same(first, again) {
			t.Fatalf("a row in use was rendered again, %v", err)
		}
	}
	if n := len(cache.young) + len(cache.old); n > 2*cachedRows {
		t.Errorf("%d rows are held", n)
	}
	for _, generation := range []map[rowKey][]byte{cache.young, cache.old} {
		if _, held := generation[rowKey{forgotten, style}]; held {
			t.Error("a row that nobody asked for is held")
		}
	}
}
