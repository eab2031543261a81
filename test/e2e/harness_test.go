package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestComplaintsAreHeard checks what every other test relies on: that a page can't do any of this
// without failing its test.
func TestComplaintsAreHeard(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, html, complaint string }{
		{"inline script", `<script>1</script>`, "Content Security Policy"},
		{"inline style", `<p style="color: red">`, "Content Security Policy"},
		{"event handler", `<img src="data:," onerror="alert(1)">`, "Content Security Policy"},
		{"another site", `<img src="http://127.0.0.1:1/x.png">`, "Content Security Policy"},
		{"dialog", `<script src="/script.js?alert(1)"></script>`, "dialog: alert"},
		{"exception", `<script src="/script.js?throw(1)"></script>`, "exception: Uncaught"},
		{"error", `<script src="/script.js?console.error('no')"></script>`, `console.error: "no"`},
		{"missing asset", `<script src="/missing.js"></script>`, "404"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				serveScript(w, r, test.html)
			}))
			defer server.Close()
			b := openTab(t, server.URL)
			b.visit("/")
			evaluate[int](b, "1") // what has happened has been heard now
			found := strings.Join(b.unexpected(), "\n")
			if !strings.Contains(found, test.complaint) {
				t.Errorf("heard %q, want %q", found, test.complaint)
			}
			b.expect("") // everything
		})
	}
}

// serveScript serves a page, and as a script whatever it asks for.
func serveScript(w http.ResponseWriter, r *http.Request, html string) {
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,">` + html))
	case "/script.js":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(strings.NewReplacer("(1)", "(1);", "%27", "'").Replace(r.URL.RawQuery)))
	default:
		http.NotFound(w, r)
	}
}
