package views

import (
	"strings"
	"testing"
)

func TestMarkupEscapesEverythingButConstants(t *testing.T) {
	catalogues := allCatalogues(t)
	const value = "<b>&\"'\x00"
	m := newMarkup(catalogues[0], 0)
	m.raw(`<i title="`).text(value).raw(`">`).code(value).named(value).sentence("now.on", parameters{Name: value})
	html, err := m.raw(`</i>`).bytes()
	const escaped = "&lt;b&gt;&amp;&#34;&#39;\uFFFD"
	want := `<i title="` + escaped + `"><code dir="ltr">` + escaped + `</code><strong class="page" dir="auto">` + escaped + `</strong> On <bdi>` + escaped + `</bdi></i>`
	if err != nil || string(html) != want {
		t.Errorf("got  %s, %v\nwant %s", html, err, want)
	}
}

// What is kept for other viewers takes no more memory than it has bytes.
func TestMarkupHasNoRoomLeft(t *testing.T) {
	html, err := newMarkup(nil, rowSize).raw("<b>").text("x").raw("</b>").bytes()
	if err != nil || string(html) != "<b>x</b>" || cap(html) > 64 {
		t.Errorf("%q, %v, room for %d bytes", html, err, cap(html))
	}
}

func TestMarkupWithoutItsTextIsAnError(t *testing.T) {
	catalogues := allCatalogues(t)
	for what, write := range map[string]func(*markup){
		"a text":     func(m *markup) { m.t("no.such") },
		"a number":   func(m *markup) { m.counted("no.such", 1) },
		"a sentence": func(m *markup) { m.sentence("no.such", parameters{Name: "ada", Count: 1}) },
	} {
		m := newMarkup(catalogues[0], 0)
		write(m)
		m.t("step.details")
		if html, err := m.bytes(); err == nil || !strings.Contains(err.Error(), "no.such") {
			t.Errorf("%s: %q, %v", what, html, err)
		}
		if html, err := m.template(); err == nil {
			t.Errorf("%s, for a template: %q", what, html)
		}
	}
}
