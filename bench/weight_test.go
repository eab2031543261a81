package bench

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// loads finds what a page loads: stylesheets and scripts.
var loads = regexp.MustCompile(`(?:href|src)="([^"]+\.(?:css|js))"`)

// BenchmarkWeight adds up how many bytes HTML, CSS and JavaScript of the live page are, as they are sent
// to a browser that has nothing of them yet. Headers are not among them, and neither are rows, which
// come by the socket.
func BenchmarkWeight(b *testing.B) {
	gin.SetMode(gin.ReleaseMode)
	logs := openStore(b, redistest.Start(b).URL, store.Options{})
	fillLog(b, logs, "ada")
	engine := gin.New()
	newAdmin(b, logs).Mount(engine.Group("/userlog"))
	cookie := logIn(b, logs, engine)
	get := func(target, encoding string) []byte {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.AddCookie(cookie)
		r.Header.Set("Accept-Encoding", encoding)
		return serve(b, engine, r, http.StatusOK).Body.Bytes()
	}
	const page = "/userlog/live?username=ada"
	var sent, plain int
	for b.Loop() {
		html := get(page, "identity")
		sent, plain = len(get(page, "gzip")), len(html)
		for _, found := range loads.FindAllSubmatch(html, -1) {
			sent += len(get(string(found[1]), "gzip"))
			plain += len(get(string(found[1]), "identity"))
		}
	}
	b.ReportMetric(float64(sent), "bytes")
	b.ReportMetric(float64(plain), "plain-bytes")
}
