package admin

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
)

// BenchmarkPage measures the server's time for what a superuser asks for most, compressed as browsers want it. These are the
// pages of a user with a full log, the answer that it has not changed, and the home page with as many users as it lists.
func BenchmarkPage(b *testing.B) {
	s := newSite(b)
	s.fillLog(b, "ada")
	for n := range 20 {
		s.fillLog(b, "user-"+strconv.Itoa(n))
	}
	const log = "/userlog/static?username=ada"
	unchanged := s.get(log, "gzip")
	unchanged.Header.Set("HX-Request", "true")
	unchanged.Header.Set("If-None-Match", s.serve(b, s.get(log, "gzip"), http.StatusOK).Header().Get("ETag"))
	for _, c := range []struct {
		name    string
		request *http.Request
		code    int
	}{
		{"static", s.get(log, "gzip"), http.StatusOK},
		{"live", s.get("/userlog/live?username=ada", "gzip"), http.StatusOK},
		{"home", s.get("/userlog/", "gzip"), http.StatusOK},
		{"unchanged", unchanged, http.StatusNotModified},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				s.serve(b, c.request, c.code)
			}
		})
	}
}

// loads finds what a page loads: stylesheets and scripts.
var loads = regexp.MustCompile(`(?:href|src)="([^"]+\.(?:css|js))"`)

// BenchmarkWeight adds up the bytes of HTML, CSS and JavaScript that the live page sends to a browser that has nothing of
// them yet. Headers are not among them, and neither are rows, which come by the socket.
func BenchmarkWeight(b *testing.B) {
	s := newSite(b)
	s.fillLog(b, "ada")
	const page = "/userlog/live?username=ada"
	size := func(target, encoding string) float64 {
		return float64(s.serve(b, s.get(target, encoding), http.StatusOK).Body.Len())
	}
	var sent, plain float64
	for b.Loop() {
		html := s.serve(b, s.get(page, "identity"), http.StatusOK).Body.String()
		sent, plain = size(page, "gzip"), float64(len(html))
		for _, found := range loads.FindAllStringSubmatch(html, -1) {
			sent, plain = sent+size(found[1], "gzip"), plain+size(found[1], "identity")
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(sent, "bytes")
	b.ReportMetric(plain, "plain-bytes")
}
