package views_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// addAccountPages renders the pages of accounts as full as they get, with hostile values.
func addAccountPages(set *views.Set, layout views.Layout, add func(name string, html []byte, err error)) {
	html, err := set.Accounts(views.Accounts{
		Layout: layout, OwnLogin: true, Name: hostileName, Message: views.Unconfirmed(),
		Accounts: []auth.Account{
			{Name: hostileName, Role: auth.Superuser, HasPassword: true},
			{Name: "b", Role: auth.Viewer, Disabled: true},
			{Name: "c", Role: auth.Viewer, LinkExpires: time.Now().Add(time.Hour)},
		},
	})
	add("accounts", html, err)
	html, err = set.Accounts(views.Accounts{Layout: layout})
	add("no accounts", html, err)
	html, err = set.Recording(views.Recording{
		Layout: layout, Switches: store.Switches{NoRecord: true, WatchOnly: true, Sample: 10, Ignore: []string{hostilePath, "</textarea>" + hostileName}},
		Behind: []store.Application{{Name: hostileName, Host: hostileName, Version: hostileName}}, Partial: true, Message: views.SwitchesUnreadable(),
	})
	add("recording", html, err)
	html, err = set.Recording(views.Recording{Layout: layout})
	add("recording as it is", html, err)
	html, err = set.Link(views.Link{Layout: layout, Name: hostileName, URL: hostilePath, New: true})
	add("link", html, err)
	html, err = set.Password(views.Password{Layout: layout, Username: hostileName, Code: hostileName, Message: views.Refusal(auth.ErrLink)})
	add("password", html, err)
	html, err = set.Account(views.Account{
		Layout: layout, Role: auth.Viewer, OwnLogin: true, HasTokens: true, SessionID: "1", Label: hostileName,
		Sessions: []auth.Session{{ID: "1", Address: hostileName, Agent: hostileName}, {ID: hostileName}},
		Tokens:   []auth.Token{{ID: hostileName, Label: hostileName}},
	})
	add("account", html, err)
	html, err = set.Account(views.Account{Layout: layout, Role: auth.Viewer})
	add("account elsewhere", html, err)
	html, err = set.Token(views.Token{Layout: layout, Label: hostileName, Secret: hostileName, Days: 1})
	add("token", html, err)
}

func TestAnAccountOffersWhatItsStateAllows(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	tests := []struct {
		name     string
		account  auth.Account
		ownLogin bool
		state    string
		actions  string
	}{
		{"active", auth.Account{Role: auth.Viewer, HasPassword: true}, true, "Active", "link role:superuser sessions disable"},
		{"with a link", auth.Account{Role: auth.Superuser, HasPassword: true, LinkExpires: now.Add(90 * time.Minute)}, true, "Active The one-time link works for 1 h more.", "link role:viewer sessions disable"},
		{"new", auth.Account{Role: auth.Viewer, LinkExpires: now.Add(time.Minute)}, true, "Waiting for its password The one-time link works for 1 min more.", "link role:superuser sessions disable"},
		{"too late", auth.Account{Role: auth.Viewer, LinkExpires: now}, true, "Has no password: make a new link", "link role:superuser sessions disable"},
		{"disabled", auth.Account{Role: auth.Viewer, HasPassword: true, Disabled: true}, true, "Disabled", "enable role:superuser"},
		{"login elsewhere", auth.Account{Role: auth.Viewer, LinkExpires: now.Add(time.Minute)}, false, "Active", "role:superuser sessions disable"},
	}
	set := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.account.Name = "ada"
			html, err := set.Accounts(views.Accounts{
				Layout: views.Layout{Lang: "en", Base: "/u", Account: "root"}, OwnLogin: test.ownLogin, Accounts: []auth.Account{test.account}, At: now,
			})
			row := parse(t, html, err).Find("#accounts tbody tr")
			if got := strings.Join(strings.Fields(row.Find("td.state").Text()), " "); got != test.state {
				t.Errorf("state %q, want %q", got, test.state)
			}
			actions := row.Find("form[method=post]").Map(func(_ int, form *goquery.Selection) string {
				if form.Find("input[name=name]").AttrOr("value", "") != "ada" {
					t.Error("a form names another account")
				}
				action := strings.TrimPrefix(form.AttrOr("action", ""), "/u/accounts/")
				if role, ok := form.Find("input[name=role]").Attr("value"); ok {
					action += ":" + role
				}
				return action
			})
			if got := strings.Join(actions, " "); got != test.actions {
				t.Errorf("offers %q, want %q", got, test.actions)
			}
			if row.Find("input[name=sure]").Length() != 0 {
				t.Error("asks to confirm what is another's")
			}
		})
	}
}

func TestTakingTheOwnAccessAwayIsConfirmed(t *testing.T) {
	html, err := newSet(t).Accounts(views.Accounts{
		Layout: views.Layout{Lang: "en", Account: "ada"}, OwnLogin: true,
		Accounts: []auth.Account{{Name: "ada", Role: auth.Superuser, HasPassword: true}},
	})
	confirmed := parse(t, html, err).Find("form:has(input[name=sure][required])").Map(func(_ int, form *goquery.Selection) string {
		return form.AttrOr("action", "")
	})
	if want := []string{"/accounts/role", "/accounts/disable"}; !slices.Equal(confirmed, want) {
		t.Errorf("confirmed are %q, want %q", confirmed, want)
	}
}

func TestSessionsAreNamedAfterTheirBrowsers(t *testing.T) {
	const (
		chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
		edge   = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0"
		safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
		fox    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"
		galaxy = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
	)
	names := map[string]string{
		chrome: "Chrome · Linux", edge: "Edge · Windows", safari: "Safari · iPhone", fox: "Firefox · macOS",
		galaxy: "Samsung Internet · Android", "": "Unknown browser", "curl/8.14.1": "Unknown browser", "Firefox/1": "Firefox",
	}
	set := newSet(t)
	for agent, want := range names {
		html, err := set.Account(views.Account{
			Layout: views.Layout{Lang: "en"}, Role: auth.Viewer, OwnLogin: true, Sessions: []auth.Session{{ID: "1", Agent: agent}},
		})
		name := parse(t, html, err).Find("#sessions td.name")
		if got := strings.TrimSpace(name.Text()); got != want || name.AttrOr("title", "") != agent {
			t.Errorf("%q is called %q, in full %q", agent, got, name.AttrOr("title", ""))
		}
	}
}

func TestRefusalsAreForWhatAPersonCanPutRight(t *testing.T) {
	set := newSet(t)
	for _, err := range []error{auth.ErrLink, fmt.Errorf("wrapped: %w", auth.ErrLastSuperuser)} {
		html, rendered := set.Messages("en", views.Refusal(err))
		if next := parse(t, html, rendered).Find("[role=alert] span").Text(); next == "" {
			t.Errorf("%v: no next step", err)
		}
	}
	for _, err := range []error{nil, errors.New("connection refused")} {
		if views.Refusal(err) != nil {
			t.Errorf("%v is a refusal", err)
		}
	}
	if views.Done("nothing that we did") != nil {
		t.Error("what was not done is confirmed")
	}
}
