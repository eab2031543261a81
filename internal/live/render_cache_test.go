package live

import (
	"fmt"
	"strings"
	"testing"
)

// same reports whether two items share their memory, and so were rendered once.
func same(a, b []byte) bool { return &a[0] == &b[0] }

func TestEachItemIsRenderedOnce(t *testing.T) {
	cache := newRenderCache()
	render := func(text string) func() ([]byte, error) { return func() ([]byte, error) { return []byte(text), nil } }
	first, _ := cache.get("key", render("first"))
	if second, err := cache.get("key", render("second")); err != nil || !same(first, second) {
		t.Errorf("got %q, %v", second, err)
	}
	if other, err := cache.get(7, render("other")); err != nil || string(other) != "other" {
		t.Errorf("another key: %q, %v", other, err)
	}
	if _, err := cache.get("broken", func() ([]byte, error) { return nil, fmt.Errorf("broken") }); err == nil {
		t.Error("an error was kept to itself")
	}
	if mended, err := cache.get("broken", render("mended")); err != nil || string(mended) != "mended" {
		t.Errorf("after an error: %q, %v", mended, err)
	}
}

// A panic is an error for all who wait for the item, and not an empty item.
func TestAnItemThatPanicsIsAnError(t *testing.T) {
	cache := newRenderCache()
	if html, err := cache.get("key", func() ([]byte, error) { panic("no template") }); err == nil || !strings.Contains(err.Error(), "no template") {
		t.Errorf("got %q, %v", html, err)
	}
	if html, err := cache.get("key", func() ([]byte, error) { return []byte("mended"), nil }); err != nil || string(html) != "mended" {
		t.Errorf("then %q, %v", html, err)
	}
}

func TestItemsThatNobodyAsksForAreForgotten(t *testing.T) {
	cache := newRenderCache()
	render := func() ([]byte, error) { return []byte("x"), nil }
	first, _ := cache.get("asked", render)
	if _, err := cache.get("forgotten", render); err != nil {
		t.Fatal(err)
	}
	for n := range 3 * cachedBytes / itemBytes {
		if _, err := cache.get(n, render); err != nil {
			t.Fatal(err)
		}
		if again, err := cache.get("asked", render); err != nil || !same(first, again) {
			t.Fatalf("an item in use was rendered again, %v", err)
		}
	}
	for _, generation := range []map[any]*rendered{cache.young, cache.old} {
		if _, held := generation["forgotten"]; held {
			t.Error("an item that nobody asked for is held")
		}
	}
}

func TestItemsAreBoundedByTheirBytes(t *testing.T) {
	cache := newRenderCache()
	const large = 100 << 10
	for n := range 3 * cachedBytes / large {
		if _, err := cache.get(n, func() ([]byte, error) { return make([]byte, large), nil }); err != nil {
			t.Fatal(err)
		}
	}
	if held := (len(cache.young) + len(cache.old)) * large; held > 2*(cachedBytes+large) || held < cachedBytes {
		t.Errorf("%d bytes are held", held)
	}
}
