package views

import (
	"net/url"
	"strings"

	"github.com/gin-userlog/userlog/internal/journey"
)

// clientWords are those words for clients that have a translation. Names of browsers and systems have none.
func clientWords() []string {
	return []string{"phone", "tablet", "computer", "TV", "program", "app", "browser"}
}

// clientKey is the catalogue's key of such a word.
func clientKey(word string) string { return "client." + strings.ToLower(word) }

// client is which browser sent a request, in this language: "Firefox, Android, Telefon". A word that is not one of ours is left as it is.
func (c *catalogue) client(words string) string {
	parts := strings.Split(words, ", ")
	for i, part := range parts {
		for _, word := range clientWords() {
			if part == word {
				parts[i] = c.texts[clientKey(word)]
			}
		}
	}
	return strings.Join(parts, ", ")
}

// device is a browser as rows and lines name it: in short, by what it is called and which form it has.
type device struct {
	Class string // of the form: phone, tablet or computer; "" where the shape says nothing
	Words string
}

// newDevice leaves the system out, unless nothing else is known: by browser and form, a customer knows which device is meant.
func (c *catalogue) newDevice(client string) device {
	parts := strings.Split(client, ", ")
	var d device
	switch form := parts[len(parts)-1]; form {
	case "phone", "tablet", "computer":
		d.Class = form
	}
	if d.Class != "" && len(parts) == 3 {
		parts = []string{parts[0], parts[2]}
	}
	d.Words = c.client(strings.Join(parts, ", "))
	return d
}

// device writes a browser, in words and by a shape. Pages show it only where there are several: see now.css. On a phone the shape has
// to do for the form.
func (m *markup) device(client string) *markup {
	if client == "" {
		return m
	}
	d := m.catalogue.newDevice(client)
	family, form, known := strings.Cut(d.Words, ", ")
	m.raw(`<span class="device `).text(d.Class).raw(`" dir="auto">`).text(family)
	if known {
		m.raw(`<span class="form">, `).text(form).raw(`</span>`)
	}
	return m.raw(`</span>`)
}

// deviceInRow is device where there is little room: the shape says the form to those who see it.
func (m *markup) deviceInRow(client string) *markup {
	d := m.catalogue.newDevice(client)
	family, form, known := strings.Cut(d.Words, ", ")
	if d.Class == "" || !known {
		return m.device(client)
	}
	return m.raw(`<span class="device `).text(d.Class).raw(`" dir="auto">`).text(family).raw(`<span class="unseen">, `).text(form).raw(`</span></span>`)
}

// devices writes where the user is in each of several browsers, with a link to what was done in that one alone.
func (m *markup) devices(n nowLine) {
	if len(n.Devices) == 0 {
		return
	}
	m.raw(`<ul class="devices">`)
	for _, at := range n.Devices {
		m.raw(`<li>`).device(at.Client).raw(` `)
		if page := pageName(at.Page, at.Path); page != "" {
			m.sentence("now.on", parameters{Name: page})
		} else {
			m.t("now.somewhere")
		}
		query := Filter{Filter: journey.Filter{Device: at.Key()}}.AddTo(url.Values{"username": {n.Username}})
		m.t("now.comma").raw(` `).since(momentOf(at.Since)).raw(`. <a href="?`).text(query.Encode())
		m.raw(`" aria-label="`).t("filter.device").raw(`: `).text(m.catalogue.newDevice(at.Client).Words).raw(`">`).t("filter.device").raw(`</a></li>`)
	}
	m.raw(`</ul>`)
}
