package views

import (
	"bytes"
	"html/template"
	"strconv"
)

// markup is HTML that is written in Go, not in a template: the rows of a log, and the line above them. Most of all
// rendered HTML is such, and a template takes three to five times as long for it. A value may stand where HTML is text,
// or between the double quotes of an attribute. It is escaped. The only way to write anything else is a [literal].
type markup struct {
	catalogue *catalogue
	html      []byte
	err       error // the first
}

// literal is HTML that stands in the source: a string constant becomes one by itself, and nothing else does.
type literal string

// newMarkup returns an empty markup with room for size bytes. It grows.
func newMarkup(c *catalogue, size int) *markup {
	return &markup{catalogue: c, html: make([]byte, 0, size)}
}

// raw writes HTML that stands in the source.
func (m *markup) raw(html literal) *markup {
	m.html = append(m.html, html...)
	return m
}

// text writes a value.
func (m *markup) text(value string) *markup {
	m.html = append(m.html, template.HTMLEscapeString(value)...)
	return m
}

// number writes a number as programs read it.
func (m *markup) number(n int) *markup {
	m.html = strconv.AppendInt(m.html, int64(n), 10)
	return m
}

// t writes a text of the catalogue.
func (m *markup) t(key string) *markup {
	text, err := m.catalogue.text(key)
	return m.note(err).text(text)
}

// counted writes a text with a number in it.
func (m *markup) counted(key string, count int) *markup {
	text, err := m.catalogue.counted(key, count)
	return m.note(err).text(text)
}

// sentence writes a text in which names, and perhaps a number, stand. A name keeps its own direction.
func (m *markup) sentence(key string, p parameters) *markup {
	html, err := m.catalogue.isolate(key, p)
	m.html = append(m.html, html...)
	return m.note(err)
}

// note keeps the first error.
func (m *markup) note(err error) *markup {
	if m.err == nil {
		m.err = err
	}
	return m
}

// bytes returns the HTML, for a page or a frame.
func (m *markup) bytes() ([]byte, error) {
	if m.err != nil {
		return nil, m.err
	}
	return bytes.Clone(readable(m.html)), nil // without the room that is left: whoever gets it may keep it
}

// template returns the HTML, for a template to include.
func (m *markup) template() (template.HTML, error) { return template.HTML(m.html), m.err }
