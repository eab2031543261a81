package views

import (
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/printable"
)

// nowLine says where a user is at a moment, and how it goes: one sentence, and hints.
type nowLine struct {
	Username string
	Known    bool // whether it is known where the user is
	Page     string
	Since    string // when the user last did something, for the page to count from
	Idle     time.Duration
	Problem  *nowProblem
	Hints    []hintRow
	Late     bool // it may be shown long after it was made, so that the page has to say first how long the user is idle
}

// nowProblem is the last failure.
type nowProblem struct {
	Key    string // the catalogue's, of the sentence about it
	Name   string
	Said   string // what the application says went wrong
	Code   int
	When   moment
	Solved *moment // when the same worked afterwards; nil = not yet
	Fresh  bool    // the title of the window speaks of it
}

// parameters are the values that stand in the sentence about it.
func (p *nowProblem) parameters() parameters {
	return parameters{Name: p.Name, Other: p.Said, Count: p.Code}
}

// recent is how long a problem is in the title of the window: now.js has it, too.
const recent = 5 * time.Minute

// newNowLine looks at the steps of a user.
func newNowLine(username string, steps *journey.Folder, at time.Time) nowLine {
	return nowLineOf(username, steps.Now(at), steps.Hints())
}

func nowLineOf(username string, where journey.Now, hints []journey.Hint) nowLine {
	line := nowLine{
		Username: username, Known: !where.Since.IsZero(), Page: pageName(where.Page, where.Path), Since: timestamp(where.Since),
		Idle: where.Idle, Hints: make([]hintRow, len(hints)),
	}
	if p := where.Problem; p != nil {
		line.Problem = &nowProblem{
			Key: "now.problem." + string(failureKeyOf(&p.Entry)), Name: pageName(p.Entry.Page, p.Entry.Path), Said: p.Entry.Problem,
			Code: p.Entry.Code, When: momentOf(p.Entry.Time), Fresh: p.Solved.IsZero() && where.Since.Sub(p.Entry.Time) < recent,
		}
		if !p.Solved.IsZero() {
			solved := momentOf(p.Solved)
			line.Problem.Solved = &solved
		}
	}
	for i, h := range hints {
		line.Hints[i] = newHintRow(h)
	}
	return line
}

// rejectedKey is the catalogue's of the hint about what the application says that it has rejected again and again.
const rejectedKey = "hint.failures.rejected"

// hintRow is a hint as it is written.
type hintRow struct {
	Key    string // the catalogue's, of the sentence that says what is wrong, and why that is shown
	Where  string // the address that shows it
	Result result // of the last that shows it
	Reason string // why it was rejected, in the application's words; "" = it was not, or nobody says why
	Count  int
	Last   moment // when it happened last
}

func newHintRow(h journey.Hint) hintRow {
	row := hintRow{Key: "hint." + string(h.Kind), Count: h.Count}
	if n := len(h.Entries); n > 0 {
		last := &h.Entries[n-1]
		row.Where, row.Last, row.Result = pageName(last.Page, last.Path), momentOf(last.Time), resultOf(last)
		if h.Kind == journey.HintFailures && last.Problem != "" && !row.Result.serious() {
			row.Key, row.Reason = rejectedKey, journey.Reason(last.Problem)
		}
	}
	return row
}

// parameters are the values that stand in the sentence about it: where, how often, and how that ended.
func (h hintRow) parameters(c *catalogue) (parameters, error) {
	if h.Reason != "" {
		return parameters{Name: h.Where, Count: h.Count, Other: h.Reason}, nil
	}
	ended, err := c.localize(h.Result.Key, h.Result.parameters(c))
	return parameters{Name: h.Where, Count: h.Count, Other: ended + h.Result.status()}, err
}

// nowSize is more bytes than the line has, as a rule.
const nowSize = 1 << 10

// now writes where the user is. now.js counts on from data-since, every few seconds: too often to be read out.
func (m *markup) now(n nowLine) *markup {
	m.raw(`<section id="now" aria-live="off" aria-label="`).t("now.label").raw(`" data-user="`).text(printable.Name(n.Username))
	if n.Known {
		m.raw(`" data-since="`).text(n.Since)
	}
	if n.Problem != nil && n.Problem.Fresh {
		m.raw(`" data-trouble-at="`).text(n.Problem.When.Timestamp).raw(`" data-trouble="`)
		if n.Problem.Code >= 400 {
			m.counted("now.title", n.Problem.Code)
		} else {
			m.t("now.title.failed")
		}
	}
	m.raw(`"><p>`)
	if n.Known {
		m.whereabouts(n)
	} else {
		m.t("now.nothing")
	}
	m.raw(`</p>`)
	if len(n.Hints) > 0 {
		m.raw(`<ul class="hints">`)
		for _, h := range n.Hints {
			p, err := h.parameters(m.catalogue)
			m.note(err).raw(`<li>`).sentence(h.Key, p).raw(` <span class="note">`).since(h.Last).raw(`</span></li>`)
		}
		m.raw(`</ul>`)
	}
	return m.raw(`</section>`)
}

// whereabouts writes on which page the user is, for how long idle, and which failure was the last.
func (m *markup) whereabouts(n nowLine) {
	if n.Page != "" {
		m.sentence("now.on", parameters{Name: n.Page})
	} else {
		m.t("now.somewhere")
	}
	m.raw(`<span class="idle" data-active-seconds="`).number(int(activeFor / time.Second)).raw(`" data-active="`).t("now.active").raw(`" data-seconds="`).t("now.idle-seconds")
	m.raw(`" data-minutes="`).t("now.idle-minutes").raw(`" data-hours="`).t("now.idle-hours")
	if n.Late {
		m.raw(`" hidden="`)
	}
	m.raw(`">`)
	idle, err := m.catalogue.idle(n.Idle)
	m.note(err).text(idle).raw(`</span>`)
	if p := n.Problem; p != nil {
		m.raw(` <span class="problem`)
		if p.Solved != nil {
			m.raw(` solved`)
		}
		m.raw(`">`).sentence(p.Key, p.parameters()).raw(` `).since(p.When)
		if p.Solved != nil {
			m.t("now.solved").raw(` `).since(*p.Solved)
		}
		m.raw(`.</span>`)
	}
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
