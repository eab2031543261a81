package views

import "github.com/gin-userlog/userlog/internal/journey"

// rowSize is more bytes than most rows have.
const rowSize = 4 << 10

// row writes a request of everyone's log.
func (m *markup) row(r row) {
	m.raw(`<tr role="row" id="`).text(r.DOMID).raw(`" data-id="`).text(r.ID).raw(`" class="`).text(r.Request.Result.Class)
	m.raw(`" data-same="`).text(r.Same).raw(`">`)
	if r.WithUser {
		m.raw(`<td role="cell" class="user"><a href="`).text(link(r.Base, "/live", r.Username)).raw(`">`).user(r.Username).raw(`</a></td>`)
	}
	m.when(r.Request.When, LineURL(r.Base, r.Username, r.ID))
	m.raw(`<td role="cell" class="what">`)
	m.named(r.Page).times().typed(&r.Request)
	m.raw(`</td><td role="cell" class="url">`)
	m.code(r.Request.URL).acted(r.Request.Actor)
	m.raw(`</td><td role="cell" class="result"><span>`)
	m.result(r.Request.Result)
	m.raw(`</span>`)
	if r.Repeats > 1 {
		m.raw(` <span class="note">`).counted("step.times", r.Repeats).raw(`</span>`)
	}
	m.raw(`</td></tr>`)
}

// steps writes rows.
func (m *markup) steps(rows []stepRow) *markup {
	for i := range rows {
		m.step(&rows[i])
	}
	return m
}

// step writes one step: when, what, at which address, and how it ended. Its details are in <details>, which needs no script.
func (m *markup) step(r *stepRow) {
	if r.Missing != nil {
		m.missing(*r.Missing)
		return
	}
	m.raw(`<tr role="row" id="`).text(r.DOMID).raw(`" data-id="`).text(r.ID).raw(`" class="`).text(r.Class)
	if r.Same != "" {
		m.raw(`" data-same="`).text(r.Same)
	}
	if r.Meant {
		m.raw(`" aria-current="true`)
	}
	m.raw(`">`)
	m.when(r.When, "")
	m.raw(`<td role="cell" class="what`)
	if r.Begins != "" || r.Ends != "" {
		m.raw(` visits`)
	}
	m.raw(`">`)
	if r.Meant {
		m.raw(`<span id="line"></span>`)
	}
	m.named(r.Page)
	if r.Same != "" {
		m.times()
	}
	if !r.Implied {
		m.typed(&r.First.Request)
	}
	m.raw(` `).deviceInRow(r.Client).visit(r)
	if r.Ahead {
		m.raw(` <span class="note">`).t("step.ahead").raw(`</span>`)
	}
	m.raw(`</td><td role="cell" class="url">`)
	m.code(r.First.Request.URL)
	for i := range r.Led {
		m.raw(` <span class="led"><span class="arrow" aria-hidden="true">→</span> <span class="unseen">`).t("step.led").raw(`</span> `)
		m.code(r.Led[i].Request.URL).raw(`</span>`)
	}
	m.acted(r.First.Request.Actor)
	m.identified(r.Who)
	m.raw(`</td><td role="cell" class="result"><span>`)
	if r.Implied {
		m.t("step.implied")
	} else {
		m.result(r.Result)
	}
	m.raw(`</span>`)
	if r.Problems > 0 {
		m.raw(` <span class="problems">`).counted("step.problems", r.Problems).raw(`</span>`)
	}
	m.raw(`</td><td role="cell" class="details">`)
	m.more(r)
	m.raw(`</td></tr>`)
}

// visit writes that a visit begins with a step, and that a session ends.
func (m *markup) visit(r *stepRow) {
	if r.Begins != "" {
		m.raw(` <span class="visit">`).t(beginsKey(r.Begins)).raw(`</span>`)
	}
	if r.Ends != "" {
		m.raw(` <span class="visit">`).t(endsKey(r.Ends)).raw(`</span>`)
	}
}

// beginsKey is the catalogue's key of the note that a visit begins, and why.
func beginsKey(b journey.Beginning) string { return "visit." + string(b) }

// endsKey is that of the note that a session ends, and how.
func endsKey(e journey.Ending) string { return "visit." + string(e) }

// more writes the details and the parts of a step. The name of what opens them says which row they belong to.
func (m *markup) more(r *stepRow) {
	label, err := m.catalogue.localize("step.details-of", parameters{Name: pageName(r.Page, r.First.Request.URL), Other: r.When.clock()})
	m.note(err).raw(`<details class="more"`)
	if r.Meant {
		m.raw(` open`)
	}
	m.raw(`><summary aria-label="`).text(label).raw(`"></summary>`)
	m.detail(&r.First)
	if len(r.Led)+len(r.Fetched) > 0 {
		if r.Folded > 0 {
			m.raw(`<p class="fetched">`).counted("step.folded", r.Folded).raw(`</p>`)
		}
		m.raw(`<ul class="parts">`)
		m.parts(r.Led)
		m.parts(r.Fetched)
		if r.Omitted > 0 {
			m.raw(`<li>`).counted("step.omitted", r.Omitted).raw(`</li>`)
		}
		m.raw(`</ul>`)
	}
	m.raw(`</details>`)
}

// parts writes requests that belong to a step.
func (m *markup) parts(parts []part) {
	for i := range parts {
		p := &parts[i]
		m.raw(`<li class="`).text(p.Request.Result.Class).raw(`"><code dir="ltr">`).text(p.Request.Method).raw(` `).text(p.Request.URL).raw(`</code> <span>`)
		m.result(p.Request.Result)
		m.raw(`</span>`)
		if p.Count > 1 {
			m.raw(` <span class="note">`).counted("step.times", p.Count).raw(`</span>`)
		}
		if p.Poll {
			m.raw(` <span class="note">`).t("step.poll").raw(`</span>`)
		}
		if p.Detail != nil {
			m.detail(p.Detail)
		}
		m.raw(`</li>`)
	}
}

// detail writes all that is known of a request.
func (m *markup) detail(d *detail) {
	m.raw(`<dl><dt>`).t("detail.time").raw(`</dt><dd><relative-time format="datetime" datetime="`).text(d.Request.When.Timestamp)
	m.raw(`" no-title year="numeric" month="long" day="numeric" weekday="long" hour="2-digit" minute="2-digit" second="2-digit" time-zone-name="short">`)
	m.text(d.Request.When.UTC).raw(`</relative-time></dd>`)
	if d.Duration > 0 {
		m.raw(`<dt>`).t("detail.duration").raw(`</dt><dd>`).text(m.catalogue.decimal(d.Milliseconds()))
		m.raw(` `).t("detail.ms").raw(` <meter class="bar" max="100" value="`).number(d.Bar).raw(`" aria-hidden="true"></meter></dd>`)
	}
	m.term("detail.route", d.Route)
	m.term("detail.from", d.From)
	if d.Client != "" {
		m.raw(`<dt>`).t("detail.client").raw(`</dt><dd dir="auto">`).text(m.catalogue.client(d.Client)).raw(`</dd>`)
	}
	m.term("detail.reference", d.Reference)
	m.term("detail.request-id", d.RequestID)
	if d.TraceURL != "" {
		m.raw(`<dt>`).t("detail.trace").raw(`</dt><dd><a href="`).text(d.TraceURL).raw(`" target="_blank" rel="noopener noreferrer">`)
		m.t("detail.trace.open").raw(`</a></dd>`)
	}
	for _, e := range d.Extras {
		m.raw(`<dt dir="auto">`).text(e.Name).raw(`</dt><dd dir="auto">`).text(e.Value).raw(`</dd>`)
	}
	m.raw(`</dl>`)
	if d.Line != "" {
		line, ticket := lineURLs(d.Username, d.ID)
		m.raw(`<p class="copies"><a href="`).text(line).raw(`">`).t("line.link").raw(`</a> <a href="`).text(ticket)
		m.raw(`" data-copy-url="`).text(ticket).raw(`">`).t("line.copy").raw(`</a></p>`)
	}
	m.raw(`<p class="copies" hidden>`)
	m.button("copy.url", d.Copied)
	m.button("copy.request-id", d.RequestID)
	m.button("copy.line", d.Line)
	m.raw(`</p>`)
}

// term writes something that is known of a request, if it is.
func (m *markup) term(key, value string) {
	if value != "" {
		m.raw(`<dt>`).t(key).raw(`</dt><dd>`).code(value).raw(`</dd>`)
	}
}

// button writes a button that copies something, if there is something.
func (m *markup) button(key, copied string) {
	if copied != "" {
		m.raw(`<button type="button" class="outline small" data-copy="`).text(copied).raw(`">`).t(key).raw(`</button> `)
	}
}

// when writes the cell with the time. The script rows.js says the day and the zone once, in the head and above the first row of
// another day. The element relative-time would give itself a title, which a morph takes away again, so it gets none. If the row
// has no details that could hold the link to the line, the time is that link; line is "" for none.
func (m *markup) when(at moment, line string) {
	m.raw(`<td role="cell" class="time">`)
	if line != "" {
		m.raw(`<a href="`).text(line).raw(`" title="`).t("line.link").raw(`">`)
	}
	m.raw(`<relative-time format="datetime" datetime="`).text(at.Timestamp)
	m.raw(`" no-title weekday="" year="" month="" day="" hour="2-digit" minute="2-digit" second="2-digit">`).text(at.UTC)
	m.raw(`</relative-time>`)
	if line != "" {
		m.raw(`</a>`)
	}
	m.raw(` <time-ago class="ago" datetime="`).text(at.Timestamp).raw(`"></time-ago></td>`)
}

// named writes the application's name of a page, if there is one.
func (m *markup) named(page string) *markup {
	if page != "" {
		m.raw(`<strong class="page" dir="auto">`).text(page).raw(`</strong> `)
	}
	return m
}

// times writes the button that says how many rows repeat each other: see repeats.js. It stands before what a narrow cell cuts off.
func (m *markup) times() *markup {
	return m.raw(`<button type="button" class="times" hidden hx-morph-skip>×</button> `)
}

// typed writes what kind of request it was. The stylesheet shows that of reading only where the page has no name.
func (m *markup) typed(r *request) {
	m.raw(`<span class="type`)
	if r.TypeKey == readKey {
		m.raw(` read`)
	}
	m.raw(`">`).t(r.TypeKey).raw(` (`).text(r.Method).raw(`)</span>`)
}

// code writes an address, a method or another text that is the same in every language.
func (m *markup) code(value string) *markup {
	return m.raw(`<code dir="ltr">`).text(value).raw(`</code>`)
}

// acted writes the actor, if there is one.
func (m *markup) acted(a actor) {
	if a != (actor{}) {
		m.raw(` <span class="note acted">`).sentence(actedKey, parameters{Name: a.Name, Other: a.User}).raw(`</span>`)
	}
}

// result writes how a request ended.
func (m *markup) result(r result) {
	if r.Said != "" {
		m.sentence(r.Key, r.parameters(m.catalogue))
	} else {
		text, err := m.catalogue.localize(r.Key, r.parameters(m.catalogue))
		m.note(err).text(text)
	}
	m.text(r.status())
}
