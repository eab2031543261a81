package e2e

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// What a page must not do is stopped, and the program's log says so.
func TestBrokenPoliciesAreReported(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site := serve(t, redis)
	b := site.enter(t)
	b.expect("Content Security Policy", "TrustedHTML", "TrustedScriptURL", "TrustedTypePolicy")
	b.visit("/static?username=ada")
	evaluate[bool](b, `(() => { new Image().src = "http://127.0.0.1:1/secret.png?name=ada"; return true })()`)
	for what, script := range map[string]string{
		"text as HTML":          `document.querySelector("h1").innerHTML = "<b>x</b>"`,
		"the address of script": `document.createElement("script").src = "/userlog/x.js"`,
		"a policy of another":   `trustedTypes.createPolicy("default", { createHTML: (html) => html })`,
	} {
		if !evaluate[bool](b, `(() => { try { `+script+`; return false } catch { return true } })()`) {
			t.Errorf("a page may use %s", what)
		}
	}
	for _, want := range []string{"directive=img-src", "directive=require-trusted-types-for", `page=/userlog/static blocked=http://127.0.0.1:1/secret.png`} {
		redistest.Eventually(t, want+" is in the log", func() bool { return strings.Contains(site.errors(), want) })
	}
	if log := site.errors(); strings.Contains(log, "name=ada") {
		t.Errorf("the log has what was asked for:\n%s", log)
	}
}
