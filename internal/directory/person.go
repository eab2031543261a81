// Package directory asks the host's directory who its users are. The host may be slow, fail, panic, or answer anything: a question
// costs a second at most, and an answer is cut and cleaned before anybody sees it. It knows neither logs nor pages.
package directory

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Directory is what the host knows of its users. Both methods may be called by several goroutines at once, and should return when
// ctx ends, which is after a second.
type Directory interface {
	// Search returns the users whom a text means: a name, an e-mail address, the number of an order, or whatever the host can
	// find by. The best are first, and 20 are read. None is no error.
	Search(ctx context.Context, query string) ([]Person, error)

	// Lookup returns those of some users whom the host knows, by the usernames that were asked for. It is asked for 100 at most.
	Lookup(ctx context.Context, usernames ...string) (map[string]Person, error)
}

// Person is what agents are shown of a user. Texts longer than the limits are cut.
type Person struct {
	Username string `json:"username"`         // as the middleware records it
	Name     string `json:"name,omitempty"`   // 100 characters at most
	Detail   string `json:"detail,omitempty"` // one line, such as a plan and a town; 200 characters at most
	Facts    []Fact `json:"facts,omitempty"`  // 8 at most
}

// Fact is a line about a person, such as her last order.
type Fact struct {
	Label string `json:"label"`         // 40 characters at most
	Text  string `json:"text"`          // 200 characters at most
	URL   string `json:"url,omitempty"` // where the text leads: https:// or http:// to a host that is allowed, or else the text leads nowhere
}

// Limits of what is shown.
const (
	MaxFound  = 20  // persons of a search
	MaxLookup = 100 // usernames of a lookup

	maxName   = 100
	maxDetail = 200
	maxFacts  = 8
	maxLabel  = 40
	maxText   = 200
	maxURL    = 2048
)

// clean returns a person as it may be shown. Addresses lead to the hosts only.
func clean(p Person, hosts []string) Person {
	shown := Person{Username: p.Username, Name: line(p.Name, maxName), Detail: line(p.Detail, maxDetail)}
	for _, fact := range p.Facts[:min(len(p.Facts), maxFacts)] {
		fact.Label, fact.Text = line(fact.Label, maxLabel), line(fact.Text, maxText)
		if !leadsTo(fact.URL, hosts) {
			fact.URL = ""
		}
		if fact.Text != "" {
			shown.Facts = append(shown.Facts, fact)
		}
	}
	return shown
}

// line is a text as one line without what can't be seen or rearranges its surroundings, of some characters at most.
func line(text string, most int) string {
	if len(text) > 2*utf8.UTFMax*most {
		text = text[:2*utf8.UTFMax*most]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most-1]) + "…"
	}
	return text
}

// leadsTo reports whether an address leads to one of the hosts, by http or https.
func leadsTo(address string, hosts []string) bool {
	if len(address) > maxURL || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '\\' || r >= utf8.RuneSelf }) {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil &&
		slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, u.Host) })
}
