package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/static"
)

func newAssets(t *testing.T) *static.Assets {
	t.Helper()
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	return assets
}

func get(assets *static.Assets, method, target string, encodings ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for _, e := range encodings {
		r.Header.Add("Accept-Encoding", e)
	}
	w := httptest.NewRecorder()
	assets.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryAssetIsServedForEverUnderItsHash(t *testing.T) {
	assets := newAssets(t)
	types := map[string]string{
		"app.css": "text/css; charset=utf-8", "favicon.svg": "image/svg+xml",
		"app.js": "text/javascript; charset=utf-8", "htmx.js": "text/javascript; charset=utf-8",
	}
	hashed := regexp.MustCompile(`^assets/[a-z-]+\.[0-9a-f]{16}\.(css|js|svg)$`)
	for name, contentType := range types {
		url, err := assets.URL(name)
		if err != nil || !hashed.MatchString(url) {
			t.Fatalf("URL(%q) = %q, %v", name, url, err)
		}
		res := get(assets, "GET", "/any/prefix/"+url)
		plain := body(t, res.Body)
		if res.StatusCode != 200 || len(plain) == 0 {
			t.Errorf("%s: status %d, %d bytes", name, res.StatusCode, len(plain))
		}
		if got := res.Header.Get("Content-Type"); got != contentType {
			t.Errorf("%s: Content-Type %q, want %q", name, got, contentType)
		}
		if got := res.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		head := get(assets, "HEAD", "/"+url)
		if rest := body(t, head.Body); len(rest) != 0 || head.ContentLength != int64(len(plain)) {
			t.Errorf("%s: HEAD has %d bytes of body and says %d, want 0 and %d", name, len(rest), head.ContentLength, len(plain))
		}
	}
}

func TestGzipIsForThoseWhoAcceptIt(t *testing.T) {
	assets := newAssets(t)
	url, err := assets.URL("htmx.js")
	if err != nil {
		t.Fatal(err)
	}
	plain := body(t, get(assets, "GET", "/"+url).Body)
	for accept, gzipped := range map[string]bool{"": false, "gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false} {
		res := get(assets, "GET", "/"+url, accept)
		got := body(t, res.Body)
		if (res.Header.Get("Content-Encoding") == "gzip") != gzipped || res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: Content-Encoding %q, Vary %q", accept, res.Header.Get("Content-Encoding"), res.Header.Get("Vary"))
		}
		if res.ContentLength != int64(len(got)) {
			t.Errorf("%q: %d bytes, said to be %d", accept, len(got), res.ContentLength)
		}
		if gzipped {
			r, err := gzip.NewReader(bytes.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			got = body(t, r)
		}
		if !bytes.Equal(got, plain) {
			t.Errorf("%q: the content differs", accept)
		}
	}
}

// ask is get with any header.
func ask(assets *static.Assets, method, target string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Header = header
	w := httptest.NewRecorder()
	assets.ServeHTTP(w, r)
	return w.Result()
}

func TestConditionsAndRangesAreOfTheFormThatIsSent(t *testing.T) {
	assets := newAssets(t)
	url, err := assets.URL("app.css")
	if err != nil {
		t.Fatal(err)
	}
	target := "/" + url
	plain, gzipped := get(assets, "GET", target), get(assets, "GET", target, "gzip")
	tag, gzippedTag := plain.Header.Get("ETag"), gzipped.Header.Get("ETag")
	if tag == "" || gzippedTag == "" || tag == gzippedTag {
		t.Fatalf("the ETags are %s, and of the compressed form %s", tag, gzippedTag)
	}
	for _, c := range []struct {
		encoding, tag string
		want          int
	}{{"", tag, 304}, {"gzip", gzippedTag, 304}, {"gzip", tag, 200}, {"", gzippedTag, 200}, {"", "*", 304}} {
		res := ask(assets, "GET", target, http.Header{"Accept-Encoding": {c.encoding}, "If-None-Match": {c.tag}})
		if res.StatusCode != c.want {
			t.Errorf("If-None-Match: %s, %q: status %d, want %d", c.tag, c.encoding, res.StatusCode, c.want)
		}
		if res.StatusCode == 304 && (len(body(t, res.Body)) > 0 || res.Header.Get("Cache-Control") == "" || res.Header.Get("Content-Length") != "") {
			t.Errorf("the 304 has a body or a length, or may not be kept: %v", res.Header)
		}
	}
	for encoding, whole := range map[string][]byte{"": body(t, plain.Body), "gzip": body(t, gzipped.Body)} {
		res := ask(assets, "GET", target, http.Header{"Accept-Encoding": {encoding}, "Range": {"bytes=10-19"}})
		part := body(t, res.Body)
		if res.StatusCode != 206 || !bytes.Equal(part, whole[10:20]) || res.ContentLength != 10 {
			t.Errorf("%q: a range is answered with %d, %d bytes", encoding, res.StatusCode, len(part))
		}
	}
	if res := ask(assets, "GET", target, http.Header{"Range": {"bytes=99999999-"}}); res.StatusCode != 416 || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("a range behind the end: status %d, Content-Encoding %q", res.StatusCode, res.Header.Get("Content-Encoding"))
	}
}

func TestNothingElseIsServed(t *testing.T) {
	assets := newAssets(t)
	for _, path := range []string{"/", "/assets/", "/assets/app.css", "/assets/built/app.css", "/assets/vendor/htmx.min.js", "/assets/SUMS", "/assets.go"} {
		if res := get(assets, "GET", path); res.StatusCode != 404 || res.Header.Get("Cache-Control") != "" {
			t.Errorf("%s: status %d, Cache-Control %q", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
	url, err := assets.URL("app.css")
	if err != nil {
		t.Fatal(err)
	}
	if res := get(assets, "POST", "/"+url); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
	if url, err := assets.URL("missing.css"); err == nil {
		t.Errorf("URL of what does not exist = %q", url)
	}
}

func TestHTMXAndItsExtensionAreOneFile(t *testing.T) {
	assets := newAssets(t)
	url, err := assets.URL("htmx.js")
	if err != nil {
		t.Fatal(err)
	}
	script := string(body(t, get(assets, "GET", "/"+url).Body))
	core, extension := strings.Index(script, "var htmx="), strings.Index(script, `registerExtension("ws"`)
	if core < 0 || extension < core {
		t.Errorf("core at %d, extension at %d: want both, in this order", core, extension)
	}
}
