package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// Accept as Chromium sends it for a page, also for one in a frame, and for an image.
const (
	acceptPage  = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
	acceptImage = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
)

// The headers are those that Chromium 156 and htmx 4.0.1 sent when e2e's TestKinds drove them, shortened; the last
// rows are of others, and of sites on plain http, where browsers send no Sec-Fetch headers.
func TestTrackRecordsWhatTheBrowserAskedFor(t *testing.T) {
	const here, page = "http://shop.example/orders?page=2", "/orders?page=2"
	tests := []struct {
		name, method string
		headers      []string
		kind         store.Kind
		from         string
	}{
		{"address typed", "GET", []string{"Accept", acceptPage, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "none", "Sec-Fetch-User", "?1"}, store.KindPage, ""},
		{"link", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}, store.KindPage, page},
		{"form", "POST", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}, store.KindPage, page},
		{"a worker passes on: page", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "navigate"}, store.KindPage, page},
		{"a worker passes on: form", "POST", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "navigate"}, store.KindPage, page},
		{"a worker passes on: style", "GET", []string{"Accept", "text/css,*/*;q=0.1", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, page},
		{"a worker passes on: image", "GET", []string{"Accept", acceptImage, "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, page},
		{"a worker passes on: fetch", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindFetch, page},
		{"link to a download", "GET", []string{"Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "navigate"}, store.KindDownload, page},
		{"frame", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate"}, store.KindFragment, page},
		{"object", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "object", "Sec-Fetch-Mode", "navigate"}, store.KindFragment, page},
		{"style", "GET", []string{"Accept", "text/css,*/*;q=0.1", "Referer", here, "Sec-Fetch-Dest", "style", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, page},
		{"font", "GET", []string{"Accept", "*/*", "Referer", "http://shop.example/app.css", "Sec-Fetch-Dest", "font", "Sec-Fetch-Mode", "cors"}, store.KindAsset, "/app.css"},
		{"script", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, page},
		{"worker", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "worker", "Sec-Fetch-Mode", "same-origin"}, store.KindAsset, page},
		{"image", "GET", []string{"Accept", acceptImage, "Referer", here, "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, page},
		{"video", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "video", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, page},
		{"fetch", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindFetch, page},
		{"XMLHttpRequest of jQuery", "POST", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Requested-With", "XMLHttpRequest"}, store.KindFetch, page},
		{"sendBeacon", "POST", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors"}, store.KindBeacon, page},
		{"ping", "POST", []string{"Accept", "*/*", "Ping-From", here, "Ping-To", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors"}, store.KindBeacon, ""},
		{"websocket", "GET", []string{"Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13"}, store.KindSocket, ""},
		{"events in answer to a change", "POST", []string{"Accept", "text/event-stream", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindFetch, page},
		{"events", "GET", []string{"Accept", "text/event-stream", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindSocket, page},
		{"link rel=prefetch", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors", "Sec-Purpose", "prefetch"}, store.KindPrefetch, page},
		{"speculation rules, prefetch", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Purpose", "prefetch"}, store.KindPrefetch, page},
		{"speculation rules, prerender", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Purpose", "prefetch;prerender"}, store.KindPrefetch, page},
		{"of a prerendered page: style", "GET", []string{"Accept", "text/css,*/*;q=0.1", "Referer", here, "Sec-Fetch-Dest", "style", "Sec-Fetch-Mode", "no-cors", "Sec-Purpose", "prefetch;prerender"}, store.KindPrefetch, ""},
		{"of a prerendered page: fetch", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Purpose", "prefetch;prerender"}, store.KindPrefetch, ""},
		{"of a prerendered page: frame", "GET", []string{"Accept", acceptPage, "Referer", here, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Purpose", "prefetch;prerender"}, store.KindPrefetch, ""},
		{"htmx", "GET", []string{"Accept", "text/html", "HX-Request", "true", "HX-Request-Type", "partial", "HX-Current-URL", here + "#top", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "same-origin"}, store.KindFragment, page},
		{"htmx, boosted", "GET", []string{"Accept", "text/html", "HX-Boosted", "true", "HX-Request", "true", "HX-Request-Type", "full", "HX-Current-URL", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "same-origin"}, store.KindPage, page},
		{"htmx, back", "GET", []string{"Accept", "*/*", "HX-History-Restore-Request", "true", "HX-Request-Type", "full", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindPage, page},

		{"Turbo", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Turbo-Request-Id", "1f"}, store.KindPage, page},
		{"Turbo, form", "POST", []string{"Accept", "text/vnd.turbo-stream.html, text/html, application/xhtml+xml", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Turbo-Request-Id", "1f"}, store.KindPage, page},
		{"Turbo, frame", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Turbo-Frame", "cart", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Turbo-Request-Id", "1f"}, store.KindFragment, page},
		{"Turbo, hover", "GET", []string{"Accept", "text/html, application/xhtml+xml", "X-Sec-Purpose", "prefetch", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Turbo-Request-Id", "1f"}, store.KindPrefetch, page},
		{"Turbo, plain http", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Referer", here, "X-Turbo-Request-Id", "1f"}, store.KindPage, page},
		{"Unpoly", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Up-Mode", "root", "X-Up-Target", "#messages, main", "X-Up-Version", "3.14.3"}, store.KindPage, page},
		{"Unpoly, fragment", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Up-Mode", "root", "X-Up-Target", "#cart main-ish", "X-Up-Version", "3.14.3"}, store.KindFragment, page},
		{"Unpoly, validation", "POST", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Up-Target", "main", "X-Up-Validate", "name", "X-Up-Version", "3.14.3"}, store.KindFragment, page},
		{"Inertia", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Inertia", "true", "X-Requested-With", "XMLHttpRequest"}, store.KindPage, page},
		{"Inertia, hover", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Purpose", "prefetch", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Inertia", "true"}, store.KindPrefetch, page},
		{"Inertia, partial reload", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Referer", here, "Sec-Fetch-Dest", "empty", "X-Inertia", "true", "X-Inertia-Partial-Component", "Orders", "X-Inertia-Partial-Data", "rows"}, store.KindFragment, page},
		{"Livewire navigate", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Livewire-Navigate", ""}, store.KindPage, page},
		{"Livewire, update", "POST", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Livewire", ""}, store.KindFetch, page},
		{"a script that says so", "GET", []string{"Accept", "*/*", "X-Sec-Purpose", "prefetch", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindPrefetch, page},
		{"Swup", "GET", []string{"Accept", "text/html, application/xhtml+xml", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "X-Requested-With", "swup"}, store.KindPage, page},
		{"pjax", "GET", []string{"Accept", "text/html, */*; q=0.01", "Referer", here, "Sec-Fetch-Dest", "empty", "X-Requested-With", "XMLHttpRequest", "X-PJAX", "true"}, store.KindPage, page},
		{"Next.js, app router", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "RSC", "1", "Next-Router-State-Tree", "[]"}, store.KindPage, page},
		{"Next.js, app router ahead", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "RSC", "1", "Next-Router-Prefetch", "1"}, store.KindPrefetch, page},
		{"Next.js, a segment ahead", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "RSC", "1", "Next-Router-Segment-Prefetch", "/_tree"}, store.KindPrefetch, page},
		{"Next.js, server action", "POST", []string{"Accept", "text/x-component", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Next-Action", "7f"}, store.KindFetch, page},
		{"Next.js, pages router ahead", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "X-Nextjs-Data", "1", "X-Middleware-Prefetch", "1"}, store.KindPrefetch, page},
		{"Next.js, pages router", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "X-Nextjs-Data", "1"}, store.KindFetch, page},
		{"Nuxt's payload", "GET", []string{"Accept", "*/*", "Referer", here, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, store.KindFetch, page},

		{"an origin alone", "GET", []string{"Accept", acceptImage, "Referer", "http://shop.example/", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors"}, store.KindAsset, ""},
		{"an origin alone, plain http: fetch", "GET", []string{"Accept", "*/*", "Referer", "http://shop.example/"}, store.KindFetch, ""},
		{"an origin alone, htmx", "GET", []string{"HX-Request", "true", "HX-Current-URL", here, "Referer", "http://shop.example/", "Sec-Fetch-Dest", "empty"}, store.KindFragment, page},
		{"htmx at the root", "GET", []string{"HX-Request", "true", "HX-Current-URL", "http://shop.example/", "Referer", "http://shop.example/", "Sec-Fetch-Dest", "empty"}, store.KindFragment, "/"},

		{"htmx 2's preload", "GET", []string{"HX-Request", "true", "HX-Preloaded", "true", "HX-Current-URL", here, "Sec-Fetch-Dest", "empty"}, store.KindPrefetch, page},
		{"older browsers' prefetch", "GET", []string{"Accept", acceptPage, "Purpose", "prefetch"}, store.KindPrefetch, ""},
		{"older Firefox's prefetch", "GET", []string{"Accept", acceptPage, "X-Moz", "prefetch"}, store.KindPrefetch, ""},
		{"a report", "POST", []string{"Sec-Fetch-Dest", "report", "Sec-Fetch-Mode", "no-cors"}, store.KindBeacon, ""},
		{"an asset of tomorrow", "GET", []string{"Sec-Fetch-Dest", "hologram"}, store.KindAsset, ""},
		{"plain http: page", "GET", []string{"Accept", acceptPage, "Referer", here, "Upgrade-Insecure-Requests", "1"}, store.KindPage, page},
		{"plain http: image", "GET", []string{"Accept", acceptImage, "Referer", here}, store.KindAsset, page},
		{"plain http: style", "GET", []string{"Accept", "text/css,*/*;q=0.1", "Referer", here}, store.KindAsset, page},
		{"plain http: jQuery", "GET", []string{"Accept", "text/html, */*; q=0.01", "X-Requested-With", "XMLHttpRequest", "Referer", here}, store.KindFetch, page},
		{"plain http: fetch", "GET", []string{"Accept", "*/*", "Referer", here}, store.KindUnknown, page},
		{"curl", "GET", []string{"Accept", "*/*", "User-Agent", "curl/8"}, store.KindUnknown, ""},
		{"curl --http2", "GET", []string{"Accept", "*/*", "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c"}, store.KindUnknown, ""},
		{"no headers", "GET", nil, store.KindUnknown, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := browserRequest(test.method, "/", test.headers...)
			if e := trackOne(r, nil); e.Kind != test.kind || e.From != test.from {
				t.Errorf("kind %q from %q, want %q from %q", e.Kind, e.From, test.kind, test.from)
			}
		})
	}
}

// The address of a fragment that a script fetches may become the page's, and that of a frame may not.
func TestTrackTellsFramesFromWhatScriptsFetch(t *testing.T) {
	for _, test := range []struct {
		name    string
		headers []string
		want    bool
	}{
		{"htmx", []string{"HX-Request", "true", "Sec-Fetch-Dest", "empty"}, true},
		{"htmx, plain http", []string{"HX-Request", "true"}, true},
		{"Turbo, frame", []string{"Accept", "text/html", "X-Turbo-Request-Id", "1f", "Turbo-Frame", "cart", "Sec-Fetch-Dest", "empty"}, true},
		{"a frame", []string{"Accept", acceptPage, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate"}, false},
		{"an object", []string{"Sec-Fetch-Dest", "object", "Sec-Fetch-Mode", "navigate"}, false},
		{"a fetch, which is no fragment", []string{"Accept", "*/*", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, false},
	} {
		if e := trackOne(browserRequest("GET", "/", test.headers...), nil); e.Scripted != test.want {
			t.Errorf("%s: %s, scripted %v", test.name, e.Kind, e.Scripted)
		}
	}
}

func TestTrackRecordsNothingOfOtherSites(t *testing.T) {
	tests := map[string]string{ // what is sent as Referer or Location → what is recorded
		"http://shop.example":               "/",
		"http://shop.example/":              "/",
		"http://shop.example:80/a":          "/a",
		"https://shop.example:443/a":        "/a",
		"https://shop.example:80/a":         "",
		"https://SHOP.example/a?b=c#d":      "/a?b=c",
		"/a?b=http://other.example":         "/a?b=http://other.example",
		"/":                                 "/",
		"http://shop.example:8080/a":        "",
		"http://shop.example.evil.test/a":   "",
		"http://other.example/shop.example": "",
		"http://shop.example@evil.test/":    "",
		"http://evil.test?shop.example/":    "",
		"http://user:pw@shop.example/":      "",
		"//other.example/a":                 "",
		`/\other.example/a`:                 "",
		"ftp://shop.example/a":              "",
		"android-app://com.example/a":       "",
		"about:blank":                       "",
		"mailto:ada@shop.example":           "",
		"next":                              "",
		"?page=2":                           "",
		"#top":                              "",
		"":                                  "",
	}
	for address, want := range tests {
		from := want
		if from == "/" {
			from = "" // which any page of the site may say
		}
		if e := trackOne(browserRequest("GET", "/", "Referer", address), nil); e.From != from {
			t.Errorf("from %q: recorded %q, want %q", address, e.From, from)
		}
		redirect := func(c *gin.Context) { c.Header("Location", address); c.Status(http.StatusFound) }
		if e := trackOne(browserRequest("GET", "/", "HX-Current-URL", address, "HX-Request", "true"), redirect); e.From != want || e.Location != want {
			t.Errorf("htmx from and to %q: recorded %q and %q, want %q", address, e.From, e.Location, want)
		}
	}
}

// The answer may be something else than the browser asked for.
func TestTrackRecordsWhatTheBrowserGot(t *testing.T) {
	page := []string{"Accept", acceptPage, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"}
	turbo := []string{"Accept", "text/html, application/xhtml+xml", "X-Turbo-Request-Id", "1f", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}
	unpoly := []string{"Accept", "*/*", "X-Up-Validate", "name", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}
	script := []string{"Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}
	for _, test := range []struct {
		name         string
		request      []string
		header, sent string
		want         store.Kind
	}{
		{"a page", page, "Content-Disposition", "inline", store.KindPage},
		{"an invoice behind a plain link", page, "Content-Disposition", `attachment; filename="invoice-7.pdf"`, store.KindDownload},
		{"an invoice, in capitals", page, "Content-Disposition", "ATTACHMENT", store.KindDownload},
		{"an invoice, for a program", nil, "Content-Disposition", "attachment", store.KindDownload},
		{"an archive", page, "Content-Type", "application/zip", store.KindDownload},
		{"bytes", page, "Content-Type", "application/octet-stream; charset=binary", store.KindDownload},
		{"a table, which some phones show", page, "Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", store.KindPage},
		{"a document, which browsers show", page, "Content-Type", "application/pdf", store.KindPage},
		{"data, which browsers show", page, "Content-Type", "application/json", store.KindPage},
		{"an archive that a script fetches", script, "Content-Type", "application/zip", store.KindFetch},
		{"a file that a script saves", script, "Content-Disposition", "attachment", store.KindFetch},
		{"a form that Laravel Precognition checks", script, "Precognition", "true", store.KindCheck},
		{"a page that says so", page, "Precognition", "true", store.KindPage},
		{"a form that Unpoly checks", unpoly, "Vary", "Accept, x-up-validate", store.KindCheck},
		{"a form of a site that does not know Unpoly's header", unpoly, "Vary", "Accept", store.KindFragment},
		{"a page of a site that knows it", page, "Vary", "X-Up-Validate", store.KindPage},
		{"an old archive", page, "Content-Type", "application/x-gzip", store.KindDownload},
		{"a page of Turbo", turbo, "Content-Type", "text/html; charset=utf-8", store.KindPage},
		{"Turbo's stream", turbo, "Content-Type", "text/vnd.turbo-stream.html; charset=utf-8", store.KindFragment},
	} {
		answer := func(c *gin.Context) { c.Header(test.header, test.sent); c.Status(http.StatusOK) }
		if e := trackOne(browserRequest("GET", "/orders/7/invoice", test.request...), answer); e.Kind != test.want {
			t.Errorf("%s: %q, want %q", test.name, e.Kind, test.want)
		}
	}
}

func TestTrackRecordsWhereAnAnswerLeads(t *testing.T) {
	tests := []struct {
		name         string
		request      []string
		code         int
		header, sent string
		want         string
	}{
		{"redirect", nil, 303, "Location", "/orders/7?new=1#top", "/orders/7?new=1"},
		{"permanent redirect", nil, 308, "Location", "http://shop.example/orders/7", "/orders/7"},
		{"created, which leads nowhere", nil, 201, "Location", "/orders/7", ""},
		{"not modified", nil, 304, "Location", "/orders/7", ""},
		{"htmx goes elsewhere", []string{"HX-Request", "true"}, 200, "HX-Redirect", "/login", "/login"},
		{"htmx loads another page", []string{"HX-Request", "true"}, 200, "HX-Location", "/orders/7", "/orders/7"},
		{"htmx loads a part", []string{"HX-Request", "true"}, 200, "HX-Location", `{"path":"/orders/7","target":"#order"}`, ""},
		{"htmx shows another address", []string{"HX-Request", "true"}, 200, "HX-Push-Url", "/orders?page=2", "/orders?page=2"},
		{"htmx shows another address in place", []string{"HX-Request", "true"}, 200, "HX-Replace-Url", "/orders?page=2", "/orders?page=2"},
		{"htmx keeps the address", []string{"HX-Request", "true"}, 200, "HX-Push-Url", "false", ""},
		{"not htmx", nil, 200, "HX-Redirect", "/login", ""},
		{"Inertia leaves", []string{"X-Inertia", "true"}, 409, "X-Inertia-Location", "/orders/7", "/orders/7"},
		{"Inertia goes to a fragment", []string{"X-Inertia", "true"}, 409, "X-Inertia-Redirect", "/orders/7#top", "/orders/7"},
		{"Inertia goes to another site", []string{"X-Inertia", "true"}, 409, "X-Inertia-Location", "https://pay.example/7", ""},
		{"Inertia follows a redirect", []string{"X-Inertia", "true"}, 303, "Location", "/orders/7", "/orders/7"},
		{"not Inertia", nil, 409, "X-Inertia-Location", "/orders/7", ""},
		{"Inertia fails", []string{"X-Inertia", "true"}, 500, "X-Inertia-Location", "/orders/7", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := func(c *gin.Context) { c.Header(test.header, test.sent); c.Status(test.code) }
			if e := trackOne(browserRequest("GET", "/pay", test.request...), answer); e.Location != test.want {
				t.Errorf("leads to %q, want %q", e.Location, test.want)
			}
		})
	}
}

// Inertia's answer of 409 is a conflict only where no header says where to go.
func TestTrackTellsInertiasRedirectsFromFailures(t *testing.T) {
	for _, test := range []struct {
		name         string
		request      []string
		header, sent string
		want         store.End
	}{
		{"another site", []string{"X-Inertia", "true"}, "X-Inertia-Location", "https://pay.example/7", store.EndRedirected},
		{"new assets", []string{"X-Inertia", "true"}, "X-Inertia-Location", "/orders", store.EndRedirected},
		{"a fragment", []string{"X-Inertia", "true"}, "X-Inertia-Redirect", "/orders#7", store.EndRedirected},
		{"a conflict", []string{"X-Inertia", "true"}, "X-Inertia", "true", store.EndOrdinary},
		{"a conflict, for a program", nil, "X-Inertia-Location", "/orders", store.EndOrdinary},
	} {
		answer := func(c *gin.Context) { c.Header(test.header, test.sent); c.Status(http.StatusConflict) }
		if e := trackOne(browserRequest("GET", "/orders", test.request...), answer); e.Ended != test.want || e.Failed() != (test.want == store.EndOrdinary) {
			t.Errorf("%s: ended %q, failed %v", test.name, e.Ended, e.Failed())
		}
	}
}

// What happens behind a redirect of Inertia wins, and a redirect that an error handler outside sends is one.
func TestARedirectOfInertiaEndsAsItDoes(t *testing.T) {
	leave := func(c *gin.Context) {
		c.Header("X-Inertia-Location", "/orders")
		c.String(http.StatusConflict, "gone on")
	}
	for name, test := range map[string]struct {
		outside, handler gin.HandlerFunc
		want             store.End
	}{
		"a panic":                  {recoversAs(500), func(c *gin.Context) { leave(c); c.Writer.Flush(); panic("broken") }, store.EndBrokeOff},
		"an error handler outside": {func(c *gin.Context) { c.Next(); leave(c) }, func(*gin.Context) {}, store.EndRedirected},
	} {
		logs := &memory{}
		engine := gin.New()
		engine.Use(test.outside, middleware.Track(logs, header, middleware.Options{}))
		engine.GET("/orders", test.handler)
		engine.ServeHTTP(httptest.NewRecorder(), browserRequest("GET", "/orders", "X-Inertia", "true"))
		if e := logs.all()[0]; e.Code != http.StatusConflict || e.Ended != test.want {
			t.Errorf("%s: %d, ended %q, want %q", name, e.Code, e.Ended, test.want)
		}
	}
}

func TestTrackHTTPRecordsWhatTheBrowserAskedFor(t *testing.T) {
	logs := &memory{}
	track := middleware.TrackHTTP(logs, httpUser, middleware.HTTPOptions{})
	pay := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "receipt", http.StatusSeeOther) })
	r := browserRequest("POST", "/orders/pay", "Sec-Fetch-Dest", "document", "Referer", "http://shop.example/orders/7")
	track(pay).ServeHTTP(httptest.NewRecorder(), r)
	if e := logs.all()[0]; e.Kind != store.KindPage || e.From != "/orders/7" || e.Location != "/orders/receipt" {
		t.Errorf("recorded %+v", e)
	}
}

func TestTrackAllocatesNothing(t *testing.T) {
	for _, user := range []string{"", "ada"} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder()) // without the engine, whose pool allocates now and then
		c.Request = browserRequest("GET", "/", "HX-Request", "true", "HX-Current-URL", "http://shop.example/orders?page=2#top")
		c.Header("HX-Push-Url", "/orders")
		track := middleware.Track(nothing{}, func(*gin.Context) string { return user }, middleware.Options{
			PageNames: map[string]string{"GET /": "Front page"},
		})
		if n := testing.AllocsPerRun(100, func() { track(c) }); n != 0 {
			t.Errorf("user %q: %v allocations a request", user, n)
		}
	}
}

// nothing is a recorder that keeps nothing.
type nothing struct{}

func (nothing) Record(store.Entry) {}

// browserRequest is ada's request to shop.example, with pairs of header names and values.
func browserRequest(method, target string, headers ...string) *http.Request {
	r := request(method, target, "ada")
	r.Host = "shop.example"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// trackOne returns what is recorded of a request that a handler answers, or nobody with 404.
func trackOne(r *http.Request, handler gin.HandlerFunc) store.Entry {
	gin.SetMode(gin.TestMode)
	logs := &memory{}
	engine := gin.New()
	engine.Use(middleware.Track(logs, header, middleware.Options{}))
	if handler != nil {
		engine.Handle(r.Method, r.URL.Path, handler)
	}
	engine.ServeHTTP(httptest.NewRecorder(), r)
	return logs.all()[0]
}

func TestTrackNamesPages(t *testing.T) {
	logs := &memory{}
	long := strings.Repeat("x", 2*store.MaxString)
	r := site(middleware.Track(logs, header, middleware.Options{
		PageName: func(c *gin.Context) string { return c.Query("name") },
		PageNames: map[string]string{
			"/orders/:id": "Order details", "HEAD /orders/:id": "Order check", "POST /pay": "Pay",
		},
	}))
	tests := []struct{ method, target, page string }{
		{"GET", "/orders/7", "Order details"},
		{"HEAD", "/orders/7", "Order check"},
		{"POST", "/pay", "Pay"},
		{"GET", "/nothing", ""},
		{"GET", "/orders/7?name=Your+order", "Your order"},
		{"GET", "/missing", ""},
		{"GET", "/missing?name=Missing", "Missing"},
		{"GET", "/nothing?name=" + long, long}, // the store cuts it
	}
	for n, test := range tests {
		r.ServeHTTP(httptest.NewRecorder(), request(test.method, test.target, "ada"))
		if e := logs.all()[n]; e.Page != test.page {
			t.Errorf("%s %s is called %q, want %q", test.method, test.target, e.Page, test.page)
		}
	}
}

func TestTrackHTTPNamesPages(t *testing.T) {
	logs := &memory{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {})
	track := middleware.TrackHTTP(logs, httpUser, middleware.HTTPOptions{
		PageName:  func(r *http.Request) string { return r.URL.Query().Get("name") },
		PageNames: map[string]string{"/orders/{id}": "Order details"},
	})
	for _, target := range []string{"/orders/7", "/orders/7?name=Your+order"} {
		track(mux).ServeHTTP(httptest.NewRecorder(), request("GET", target, "ada"))
	}
	if entries := logs.all(); entries[0].Page != "Order details" || entries[1].Page != "Your order" {
		t.Errorf("recorded %+v", entries)
	}
}
