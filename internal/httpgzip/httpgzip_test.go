package httpgzip_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-userlog/userlog/internal/httpgzip"
)

func TestGzipIsForThoseWhoWantIt(t *testing.T) {
	cases := []struct {
		accept []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"identity"}, false},
		{[]string{"gzip"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"br, GZIP;q=0.5"}, true},
		{[]string{"br", "gzip"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip; q=0.000"}, false},
		{[]string{"gzip ; Q = 0.3"}, true},
		{[]string{"gzip;q=0.001"}, true},
		{[]string{"gzip;q=nonsense"}, false},
		{[]string{"gzip;q=2"}, false},
		{[]string{"gzip;level=9"}, false},
		{[]string{"gzip;q=0.5, identity"}, false},
		{[]string{"gzip;q=0.5, identity;q=0.5"}, true},
		{[]string{"identity;q=0, gzip"}, true},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"gzip;q=0, *"}, false},
		{[]string{"br, *;q=0.1"}, true},
		{[]string{"x-gzip-not"}, false},
	}
	for _, c := range cases {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Accept-Encoding"] = c.accept
		if got := httpgzip.Wanted(r, http.Header{}); got != c.want {
			t.Errorf("%q: %v, want %v", c.accept, got, c.want)
		}
	}
}

func TestNothingIsCompressedTwice(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	if httpgzip.Wanted(r, http.Header{"Content-Encoding": {"gzip"}}) {
		t.Error("an answer that a middleware of the host compresses is compressed before")
	}
}

func TestWhatIsCompressedComesOutAgain(t *testing.T) {
	var compressor httpgzip.Compressor
	var together sync.WaitGroup
	for _, plain := range []string{"", "a", strings.Repeat("<tr>", 10_000)} {
		for range 4 {
			together.Go(func() { expand(t, compressor.Compress, plain) })
		}
		expand(t, httpgzip.Best, plain)
	}
	together.Wait()
}

// expand checks that a text survives being compressed.
func expand(t *testing.T, compress func([]byte) ([]byte, error), plain string) {
	compressed, err := compress([]byte(plain))
	if err != nil {
		t.Error(err)
		return
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Error(err)
		return
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != plain {
		t.Errorf("%d bytes became %d: %v", len(plain), len(got), err)
	}
}
