package views

import (
	"net/http"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// nowLine is the sentence to say: what went wrong for a user, and where the user is at a moment. Hints of something else follow.
type nowLine struct {
	Username string
	Known    bool // whether it is known where the user is
	Page     string
	Became   string // as whom a visitor has logged in; "" = has not
	Since    moment // when the user last did something, for the page to count from
	Client   string // the browser in which the user is; "" where it is one
	Idle     time.Duration
	Devices  []journey.At // where the user is in each of several browsers; nil where it is one
	Problem  *nowProblem
	Hints    []hintRow
	Late     bool // the page may show it long after it was made, and so must first reckon anew how long the user has been idle
}

// nowProblem is the last failure.
type nowProblem struct {
	problemText
	Code   int
	Client string // in which browser, where there are several
	When   moment
	Past   bool    // something else was done since, so that its own age has to be said
	Solved *moment // when the same worked afterwards; nil = not yet
	Fresh  bool    // the title of the window speaks of it
}

// problemText is the sentence about a problem, without its age.
type problemText struct {
	Key    string // the catalogue's
	Where  string // page or address
	Result result
	Reason string        // why it was rejected, in the application's words; "" = it was not, or nobody says why
	Count  int           // how often it happened, or the status where the sentence tells it
	Span   time.Duration // from the first time to the last
}

// recent is how long a problem is in the title of the window: now.js has it, too.
const recent = 5 * time.Minute

// newNowLine looks at the steps of a user.
func newNowLine(username string, steps *journey.Folder, at time.Time) nowLine {
	return nowLineOf(username, steps.Now(at), steps.Hints())
}

func nowLineOf(username string, where journey.Now, hints []journey.Hint) nowLine {
	line := nowLine{
		Username: username, Known: !where.Since.IsZero(), Page: pageName(where.Page, where.Path), Became: where.Became, Since: momentOf(where.Since), Idle: where.Idle,
		Devices: where.Devices,
	}
	if len(where.Devices) > 0 {
		line.Client = where.Devices[0].Client
	}
	if p := where.Problem; p != nil {
		line.Problem = &nowProblem{
			problemText: problemTextOf(&p.Entry), Code: p.Entry.Code, When: momentOf(p.Entry.Time), Past: where.Since.After(p.Entry.Time),
			Fresh: p.Solved.IsZero() && where.Since.Sub(p.Entry.Time) < recent,
		}
		if len(where.Devices) > 0 {
			line.Problem.Client = p.Entry.Client
		}
		if !p.Solved.IsZero() {
			solved := momentOf(p.Solved)
			line.Problem.Solved = &solved
		}
	}
	for _, h := range hints {
		hint := newHintRow(h)
		if p := line.Problem; p != nil && p.Solved == nil && hint.ID == where.Problem.Entry.ID && (p.Reason == "" || h.Kind == journey.HintFailures) {
			p.problemText = hint.problemText // it is the same problem, and the hint says more of it
			continue
		}
		line.Hints = append(line.Hints, hint)
	}
	return line
}

// problemTextOf is the sentence about one request that failed. If the application says what it has rejected, as in "card number: required",
// the sentence has "card number" only. The rule that was broken and the status are in the row.
func problemTextOf(e *store.Entry) problemText {
	text := problemText{
		Key: "now.problem." + string(failureKeyOf(e)), Where: pageName(e.Page, e.Path), Result: resultOf(e), Count: e.Code,
	}
	if e.Problem != "" && !text.Result.serious() {
		text.Reason = journey.Reason(e.Problem)
		if e.Code >= http.StatusBadRequest {
			text.Key = "now.problem.rejected-said"
		}
	}
	return text
}

// parameters are the values that stand in the sentence: where, how often, in what time, and how that ended. The
// application's words tell more than the word for it.
func (p problemText) parameters(c *catalogue) (parameters, error) {
	span, err := c.span(max(p.Span, time.Second))
	if err != nil {
		return parameters{}, err
	}
	if p.Reason != "" {
		return parameters{Name: p.Where, Count: p.Count, Span: span, Other: p.Reason}, nil
	}
	ended := p.Result.Said
	if ended == "" {
		if ended, err = c.localize(p.Result.Key, p.Result.parameters(c)); err != nil {
			return parameters{}, err
		}
	}
	return parameters{Name: p.Where, Count: p.Count, Span: span, Other: ended + p.Result.status()}, nil
}

// rejectedKey is the catalogue's of the hint about what the application says that it has rejected again and again.
const rejectedKey = "hint.failures.rejected"

// hintRow is a hint as it is written.
type hintRow struct {
	problemText
	ID   string // of the last entry that shows it
	Last moment // when it happened last
}

func newHintRow(h journey.Hint) hintRow {
	row := hintRow{problemText: problemText{Key: "hint." + string(h.Kind), Count: h.Count}}
	if n := len(h.Entries); n > 0 {
		last := &h.Entries[n-1]
		row.ID, row.Where, row.Last, row.Result = last.ID, pageName(last.Page, last.Path), momentOf(last.Time), resultOf(last)
		row.Span = last.Time.Sub(h.Since)
		switch {
		case h.Kind != journey.HintFailures:
		case last.Problem != "" && !row.Result.serious():
			row.Key, row.Reason = rejectedKey, journey.Reason(last.Problem)
		case journey.IsStep(*last):
			row.Key = "hint.tried"
		}
	}
	return row
}

// nowSize is more bytes than the line has, as a rule.
const nowSize = 1 << 10

// now writes where the user is. now.js counts on from data-since, every few seconds: too often to be read out.
func (m *markup) now(n nowLine) *markup {
	name, err := m.catalogue.shown(n.Username)
	m.note(err).raw(`<section id="now" aria-live="off" aria-label="`).t("now.label").raw(`" data-user="`).text(name)
	if n.Known {
		m.raw(`" data-since="`).text(n.Since.Timestamp)
	}
	if n.Problem != nil && n.Problem.Fresh {
		m.raw(`" data-trouble-at="`).text(n.Problem.When.Timestamp).raw(`" data-trouble="`)
		if n.Problem.Code >= 400 {
			m.counted("now.title", n.Problem.Code)
		} else {
			m.t("now.title.failed")
		}
	}
	if len(n.Devices) > 0 {
		m.raw(`" data-devices="`).number(len(n.Devices))
	}
	m.raw(`"><p>`)
	if n.Known {
		m.whereabouts(n)
	} else {
		m.t("now.nothing")
	}
	m.raw(`</p>`)
	m.devices(n)
	if len(n.Hints) > 0 {
		m.raw(`<ul class="hints">`)
		for _, h := range n.Hints {
			p, err := h.parameters(m.catalogue)
			m.note(err).raw(`<li>`).sentence(h.Key, p).t("now.comma").raw(` `).since(h.Last).raw(`.</li>`)
		}
		m.raw(`</ul>`)
	}
	return m.raw(`</section>`)
}

// whereabouts writes what went wrong, on which page the user is, and since when the user has done nothing. A solved problem comes last.
// Without a script no age is counted on, so it would be false after a minute. Therefore paper, and pages without scripts, have the time
// itself, in data-at.
func (m *markup) whereabouts(n nowLine) {
	p := n.Problem
	if p != nil && p.Solved == nil {
		m.problem(p)
	}
	if n.Became != "" {
		m.becameNow(n.Became)
	} else if n.Page != "" {
		m.sentence("now.on", parameters{Name: n.Page})
	} else {
		m.t("now.somewhere")
	}
	if n.Client != "" {
		m.raw(` (`).device(n.Client).raw(`)`)
	}
	m.raw(`<span class="idle" data-active-seconds="`).number(int(activeFor / time.Second)).raw(`" data-active="`).t("now.active").raw(`" data-seconds="`).t("now.idle-seconds")
	m.raw(`" data-minutes="`).t("now.idle-minutes").raw(`" data-hours="`).t("now.idle-hours")
	if n.Late {
		m.raw(`" hidden="`)
	}
	m.raw(`">`)
	idle, err := m.catalogue.idle(n.Idle)
	m.note(err).text(idle).raw(`</span><span class="at" data-at="`).t("now.comma").raw(` `).text(n.Since.UTC).raw(`."></span>`)
	if p != nil && p.Solved != nil {
		m.problem(p)
	}
}

// problem writes which failure was the last.
func (m *markup) problem(p *nowProblem) {
	values, err := p.parameters(m.catalogue)
	m.note(err).raw(` <span class="problem`)
	if p.Solved != nil {
		m.raw(` solved`)
	}
	m.raw(`">`).sentence(p.Key, values)
	if p.Client != "" {
		m.raw(` (`).device(p.Client).raw(`)`)
	}
	if p.Past || p.Solved != nil {
		m.raw(`<span class="since">`).t("now.comma").raw(` `).since(p.When).raw(`</span>`)
	}
	if p.Solved != nil {
		m.t("now.solved").raw(` `).since(*p.Solved)
	}
	m.raw(`.</span> `)
}

// idle says for how long nothing was done, or that the user is active now.
func (c *catalogue) idle(d time.Duration) (string, error) {
	if d < activeFor {
		return c.text("now.active")
	}
	span, err := c.span(d)
	if err != nil {
		return "", err
	}
	return c.named("now.idle", span)
}

// since writes how long ago a moment is.
func (m *markup) since(at moment) *markup {
	return m.raw(`<time-ago datetime="`).text(at.Timestamp).raw(`">`).text(at.UTC).raw(`</time-ago>`)
}
