package views

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
)

// Summary tells what a user has done, for a ticket: Markdown, in the order in which it happened. Values
// that were masked when they were recorded are masked. entries are newest first. people may know who she is.
func (s *Set) Summary(lang, username string, people People, entries []store.Entry, at time.Time, t Ticket) (string, error) {
	steps := fold(entries)
	c := s.catalogue(lang)
	whereabouts := steps.Now(at)
	now := nowLineOf(username, whereabouts, steps.Hints())
	where, err := c.where(now)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	name, err := c.nameOf(username)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s, %s\n\n%s%s\n\n", name, t.time(at), c.known(people.of(username)), where)
	if e := reported(whereabouts.Problem, steps); e != nil {
		about, err := c.lineSummary(e, s.links, t)
		if err != nil {
			return "", err
		}
		b.WriteString(about + "\n")
	}
	devices, err := c.summaryDevices(now.Devices)
	if err != nil {
		return "", err
	}
	b.WriteString(devices)
	for _, h := range now.Hints {
		p, err := h.parameters(c)
		if err != nil {
			return "", err
		}
		hint, err := c.plain(h.Key, p)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "- %s.\n", hint)
	}
	if len(now.Hints) > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "| %s | %s | %s |\n| --- | --- | --- |\n", c.texts["table.time"], c.texts["table.url"], c.texts["table.result"])
	for _, step := range steps.Steps() {
		line, err := c.summaryLine(step, len(now.Devices) > 0)
		if err != nil {
			return "", err
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// reported is the entry about which a summary tells all: that of the last problem, or else of what was done last. It is nil where nothing
// is recorded.
func reported(problem *journey.Problem, steps *journey.Folder) *store.Entry {
	if problem != nil {
		return &problem.Entry
	}
	for _, step := range slices.Backward(steps.Steps()) {
		if step.Gap == nil && !step.Implied && step.Entry.Actor == "" {
			result := step.Result()
			return &result
		}
	}
	return nil
}

// summaryDevices is where the user is in each of several browsers, as Markdown.
func (c *catalogue) summaryDevices(devices []journey.At) (string, error) {
	var b strings.Builder
	for _, at := range devices {
		on, err := c.text("now.somewhere")
		if page := pageName(at.Page, at.Path); page != "" {
			on, err = c.plain("now.on", parameters{Name: page})
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "- %s: %s, %s\n", code(c.client(at.Client)), on, utc(at.Since))
	}
	if len(devices) > 0 {
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// nameOf is a username as Markdown, and what it is not where it looks like another one.
func (c *catalogue) nameOf(username string) (string, error) {
	shown, err := c.shown(username)
	name, other := code(shown), lookalike(username)
	if err != nil || other == "" {
		return name, err
	}
	not, err := c.plain("name.not", parameters{Name: other})
	return name + " (" + not + ")", err
}

// known is what the host's directory knows of a user, as Markdown: a paragraph, or nothing.
func (c *catalogue) known(p person) string {
	var parts []string
	for _, text := range []string{p.Name, p.Detail} {
		if text != "" {
			parts = append(parts, code(text))
		}
	}
	for _, fact := range p.Facts {
		parts = append(parts, code(fact.Label)+" "+code(fact.Text))
	}
	text := strings.Join(parts, ", ")
	if p.Lost {
		text = strings.TrimSpace(text + " " + escapeMarkdown(c.texts["directory.lost"]))
	}
	if text == "" {
		return ""
	}
	return text + "\n\n"
}

// where is the sentence to say, as Markdown.
func (c *catalogue) where(n nowLine) (string, error) {
	if !n.Known {
		return c.text("now.nothing")
	}
	on, err := c.text("now.somewhere")
	switch {
	case n.Became != "":
		on, err = c.plain(becameKey, parameters{Name: printable.Name(n.Became)})
	case n.Page != "":
		on, err = c.plain("now.on", parameters{Name: n.Page})
	}
	if err != nil {
		return "", err
	}
	idle, err := c.idle(n.Idle)
	if err != nil || n.Problem == nil {
		return on + idle, err
	}
	problem, err := c.problem(n.Problem)
	if n.Problem.Solved != nil {
		return on + idle + " " + problem, err
	}
	return problem + " " + on + idle, err
}

// problem is the sentence about the last failure, as Markdown.
func (c *catalogue) problem(p *nowProblem) (string, error) {
	values, err := p.parameters(c)
	if err != nil {
		return "", err
	}
	problem, err := c.plain(p.Key, values)
	problem += c.texts["now.comma"] + " " + p.When.UTC
	if p.Solved != nil {
		problem += c.texts["now.solved"] + " " + p.Solved.UTC
	}
	return problem + ".", err
}

// plain is a sentence as Markdown, with the names in it as code.
func (c *catalogue) plain(key string, p parameters) (string, error) {
	return c.quoting(key, p, escapeMarkdown, code)
}

// summaryLine is a step as a row of the table. devices says that there are several, so that each row names its own.
func (c *catalogue) summaryLine(step *journey.Step, devices bool) (string, error) {
	r := newStepRow(step, Links{})
	if r.Missing != nil {
		missing, err := c.missing(step.Gap)
		return fmt.Sprintf("| … | %s | … |\n", missing), err
	}
	what := address(strings.TrimSpace(r.First.Request.Method + " " + r.First.Request.URL))
	if step.Entry.Page != "" {
		what = code(step.Entry.Page) + " " + what
	}
	for _, led := range r.Led {
		what += " → " + address(led.Request.URL)
	}
	if by := r.First.Request.Actor; by != (actor{}) {
		acted, err := c.plain(actedKey, parameters{Name: by.Name, Other: by.User})
		if err != nil {
			return "", err
		}
		what += " " + acted
	}
	who, err := c.who(r.Who)
	if err != nil {
		return "", err
	}
	what += who
	result, err := c.text("step.implied")
	if !step.Implied {
		result, err = c.summaryResult(r.Result)
	}
	if err == nil && step.Problems > 0 {
		var problems string
		problems, err = c.counted("step.problems", step.Problems)
		result += ", " + problems
	}
	if devices && r.Client != "" {
		what += ", " + code(c.client(r.Client))
	}
	if failed := step.Result(); failed.Failed() && failed.RequestID != "" {
		result += ", " + code(failed.RequestID)
	}
	return fmt.Sprintf("| %s | %s | %s |\n", utc(step.Entry.Time), what, result), err
}

// summaryResult is how a step ended, as Markdown.
func (c *catalogue) summaryResult(r result) (string, error) {
	text, err := c.localize(r.Key, r.parameters(c))
	if r.Said != "" {
		text, err = c.plain(r.Key, r.parameters(c))
	}
	return text + r.status(), err
}

// address is a path as code. Characters that can't stand there are percent-encoded: the same address.
func address(path string) string {
	return code(strings.NewReplacer("`", "%60", "|", "%7C").Replace(path))
}

// code is what others have typed, as code: Markdown makes no link, no mention and nothing else of that. Characters
// are replaced that would end the code or the cell of a table, rearrange the line, since a ticket has no <bdi>, or command a terminal.
func code(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '`':
			return '\''
		case r == '|':
			return '¦'
		case '\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069', unicode.IsControl(r):
			return utf8.RuneError
		}
		return r // which is utf8.RuneError where it is no UTF-8
	}, strings.Join(strings.Fields(text), " "))
	if text == "" {
		text = " " // which there are names of
	}
	return "`" + text + "`"
}

// markdown are the characters that mean something in a line of Markdown.
var markdown = regexp.MustCompile("[\\\\`*_{}\\[\\]<>()#+!|~-]")

// escapeMarkdown is a sentence of ours as text.
func escapeMarkdown(text string) string { return markdown.ReplaceAllString(text, `\$0`) }
