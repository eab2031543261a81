package views_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// sharedSet is parsed once: a set never changes.
var sharedSet = sync.OnceValues(func() (*views.Set, error) {
	assets, err := static.New()
	if err != nil {
		return nil, err
	}
	return views.New(assets, views.Links{})
})

func newSet(t testing.TB) *views.Set {
	t.Helper()
	set, err := sharedSet()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// parse reads what was rendered as a browser would.
func parse(t *testing.T, html []byte, err error) *goquery.Document {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// parseRow reads rows, which a browser only accepts inside a table.
func parseRow(t *testing.T, row []byte, err error) *goquery.Document {
	t.Helper()
	return parse(t, []byte("<table><tbody id=rows>"+string(row)+"</tbody></table>"), err)
}

const (
	hostileName = `"><img src=x onerror=alert(1)>{{.}}</title><script>alert(2)</script>`
	hostilePath = `/<img src=x onerror=alert(1)>?a="'&b=</code></td><script>alert(2)</script>`
)

func hostileEntry() store.Entry {
	return store.Entry{
		ID: `1" onclick="alert(3) `, Username: hostileName, Method: "<b>GET</b>", Path: hostilePath, Code: 999,
		Time: time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.FixedZone("", 3600)), Extra: map[string]string{"<i>": "<u>"},
	}
}

// everyPage renders each page as full as it gets, with hostile values wherever values go.
func everyPage(t *testing.T, set *views.Set, layout views.Layout) map[string]*goquery.Document {
	t.Helper()
	e := []store.Entry{hostileEntry()}
	seen := []store.Seen{{Username: hostileName, At: time.Unix(1700000000, 0)}}
	troubled := []store.Trouble{{Username: hostileName, At: time.Now(), Code: 500}}
	docs := make(map[string]*goquery.Document)
	add := func(name string, html []byte, err error) { docs[name] = parse(t, html, err) }

	html, err := set.Login(views.Login{Layout: layout, Username: hostileName, Next: hostilePath, Message: views.WrongPassword()})
	add("login", html, err)
	applications := []store.Application{
		{Name: hostileName, Host: hostileName, Version: hostilePath, Age: time.Hour, Stats: store.Stats{Indeterminate: 2}},
		{Name: hostileName, LastHour: [60]store.Minute{{Requests: 3, ClientErrors: 1, ServerErrors: 1}}},
	}
	html, err = set.Home(views.Home{Layout: layout, Users: seen, Troubled: troubled, Applications: applications, Message: views.UserNotFound(hostileName)})
	add("home", html, err)
	html, err = set.Home(views.Home{Layout: layout, Message: views.StoreLost()})
	add("empty home", html, err)
	html, err = set.Static(views.StaticLog{Layout: layout, Username: hostileName, Entries: e, ETag: `"a'<b>"`, Refresh: 2, Message: views.LogsFound(hostileName)})
	add("static", html, err)
	html, err = set.Static(views.StaticLog{Layout: layout})
	add("static search", html, err)
	html, err = set.Live(views.LiveLog{Layout: layout, Username: hostileName, SocketURL: "/s?username=%22%3E", Message: views.NoLogs(hostileName)})
	add("live", html, err)
	html, err = set.Live(views.LiveLog{Layout: layout})
	add("live search", html, err)
	html, err = set.Live(views.LiveLog{Layout: layout, Everyone: true, SocketURL: "wss://live.example.com/s?everyone=1"})
	add("everyone", html, err)
	html, err = set.Live(views.LiveLog{
		Layout: layout, Everyone: true, SocketURL: "/s", Application: hostileName, Partial: true,
		Applications: []string{hostileName}, Filter: views.Filter{Filter: journey.Filter{Show: journey.ShowErrors, Text: hostilePath}},
	})
	add("everyone, filtered", html, err)
	html, err = set.Live(views.LiveLog{Layout: layout, Everyone: true, SocketURL: "/s", Reason: &views.ReasonLeft{Text: hostileName}})
	add("everyone, with a reason", html, err)
	html, err = set.Reason(views.Reason{Layout: layout, Username: hostileName, Next: hostilePath, Text: hostileName, Message: views.ReasonMissing(1)})
	add("reason", html, err)
	html, err = set.Reason(views.Reason{Layout: layout})
	add("reason for everyone", html, err)
	html, err = set.Audit(hostileAudit(layout))
	add("audit", html, err)
	html, err = set.Audit(views.Audit{Layout: layout, Message: views.AuditPeriod()})
	add("audit of no day", html, err)
	addAccountPages(set, layout, add)
	for _, status := range []int{403, 404, 429, 500, 503} {
		html, err = set.Error(views.Error{Layout: layout, Status: status})
		add(fmt.Sprint("error ", status), html, err)
	}
	return docs
}

func TestEveryPageInEveryLanguage(t *testing.T) {
	set := newSet(t)
	for _, language := range set.Languages() {
		layout := views.Layout{
			Lang: language.Tag, Base: "/user/log", Current: hostilePath, Account: hostileName,
			CanLogOut: true, CanSwitchLanguage: true, Section: views.SectionLive,
		}
		for name, doc := range everyPage(t, set, layout) {
			t.Run(language.Tag+" "+name, func(t *testing.T) {
				if lang, _ := doc.Find("html").Attr("lang"); lang != language.Tag {
					t.Errorf("html lang %q", lang)
				}
				for selector, want := range map[string]int{"h1": 1, "main": 1, "title": 1, "header nav": 1, "a.skip[href='#content']": 1, "form[action='/user/log/logout'][method=post]": 1} {
					if got := doc.Find(selector).Length(); got != want {
						t.Errorf("%s: %d, want %d", selector, got, want)
					}
				}
				checkHarmless(t, doc)
				checkAccessible(t, doc)
				checkPrefix(t, doc, "/user/log/")
			})
		}
	}
}

// A template is only checked when it is first used, so a release must have used each.
func TestEveryPieceInEveryLanguage(t *testing.T) {
	set := newSet(t)
	e := hostileEntry()
	e.Code, e.Page, e.From, e.Route, e.RequestID, e.Duration = 500, hostileName, "/", "/", hostileName, time.Second
	step := &journey.Step{Entry: e, Redirects: []store.Entry{e}, Parts: []journey.Part{{Entry: e, Count: 2, Poll: true}}, Omitted: 1, Problems: 1}
	now := journey.Now{Since: e.Time, Page: hostileName, Problem: &journey.Problem{Entry: e}}
	hints := []journey.Hint{{Kind: journey.HintLogin, Entries: []store.Entry{e}}}
	for _, language := range set.Languages() {
		for name, render := range map[string]func(lang string) ([]byte, error){
			"row":        func(lang string) ([]byte, error) { return set.Row(lang, "/base", &e, true) },
			"step":       func(lang string) ([]byte, error) { return set.StepRow(lang, step) },
			"gap":        func(lang string) ([]byte, error) { return set.GapRow(lang, true) },
			"omitted":    func(lang string) ([]byte, error) { return set.OmittedRow(lang, true, 1) },
			"now":        func(lang string) ([]byte, error) { return set.Now(lang, hostileName, now, hints) },
			"connection": func(lang string) ([]byte, error) { return set.Connection(lang, views.Connected) },
			"suggestions": func(lang string) ([]byte, error) {
				return set.Suggestions(views.Suggestions{Lang: lang, Found: store.Found{Users: []store.Seen{{Username: hostileName}}}})
			},
		} {
			html, err := render(language.Tag)
			doc := parse(t, []byte("<table>"+string(html)+"</table>"), err)
			checkHarmless(t, doc)
			if strings.TrimSpace(doc.Text()) == "" {
				t.Errorf("%s: %s is empty", language.Tag, name)
			}
		}
	}
}

// checkHarmless fails for everything that the content security policy forbids, and for markup that
// came from a value.
func checkHarmless(t *testing.T, doc *goquery.Document) {
	t.Helper()
	if n := doc.Find("script:not([src]), style, [style], img[src=x], iframe, base, td b, bdi img").Length(); n > 0 {
		t.Errorf("%d elements that must not be there", n)
	}
	doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Get(0).Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.Contains(a.Val, "ZgotmplZ") {
				t.Errorf("<%s %s=%q>", goquery.NodeName(s), a.Key, a.Val)
			}
		}
	})
}

// checkAccessible finds fields without labels, repeated ids, references to nothing.
func checkAccessible(t *testing.T, doc *goquery.Document) {
	t.Helper()
	ids := make(map[string]int)
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) { ids[s.AttrOr("id", "")]++ })
	for id, n := range ids {
		if n > 1 || id == "" || strings.ContainsAny(id, " \t\n") {
			t.Errorf("id %q is there %d times", id, n)
		}
	}
	doc.Find("input:not([type=hidden])").Each(func(_ int, s *goquery.Selection) {
		named := s.AttrOr("aria-label", "") != "" || s.Closest("label").Length() == 1
		if id := s.AttrOr("id", ""); !named && doc.Find(fmt.Sprintf("label[for=%q]", id)).Length() != 1 {
			t.Errorf("input %q has no label", id)
		}
	})
	for _, attr := range []string{"aria-labelledby", "aria-describedby", "list"} {
		doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
			if ids[s.AttrOr(attr, "")] != 1 {
				t.Errorf("%s=%q refers to nothing", attr, s.AttrOr(attr, ""))
			}
		})
	}
	doc.Find("h1, h2, button, nav a, th, label").Each(func(_ int, s *goquery.Selection) {
		if strings.TrimSpace(s.Text()) == "" {
			t.Errorf("<%s> without text", goquery.NodeName(s))
		}
	})
}

// checkPrefix finds links and files outside the base path.
func checkPrefix(t *testing.T, doc *goquery.Document, base string) {
	t.Helper()
	for _, attr := range []string{"href", "src", "action", "formaction", "hx-get"} {
		doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
			url := s.AttrOr(attr, "")
			beside := strings.HasPrefix(url, "static?") || strings.HasPrefix(url, "summary?") || strings.HasPrefix(url, "?") || url == "team" // of rows, which don't know the base
			if !strings.HasPrefix(url, base) && !strings.HasPrefix(url, "#") && !beside {
				t.Errorf("%s=%q is outside %s", attr, url, base)
			}
		})
	}
}

func TestMessagesSayWhatAPersonExpects(t *testing.T) {
	set := newSet(t)
	cases := []struct {
		message  *views.Message
		role     string
		en, fr   string
		nextStep bool
	}{
		{views.LogsFound("ada"), "status", "Logs found for ada.", "Journaux trouvés pour ada.", false},
		{views.NoLogs("ada"), "status", "No logs for ada.", "Aucun journal pour ada.", true},
		{views.UserNotFound("ada"), "alert", "User ada not found.", "Utilisateur ada introuvable.", true},
		{views.StoreLost(), "alert", "The log store can’t be reached.", "Le stockage des journaux est injoignable.", true},
		{views.NobodyReports(), "status", "No application has reported for a minute.", "Aucune application ne s’est signalée depuis une minute.", true},
		{views.LoggedOut(), "status", "You are logged out.", "Vous êtes déconnecté.", false},
		{views.TooManyAttempts(time.Millisecond), "alert", "Too many attempts. Try again in 1 second.", "Trop de tentatives. Réessayez dans 1 seconde.", false},
		{views.TooManyAttempts(41500 * time.Millisecond), "alert", "Too many attempts. Try again in 42 seconds.", "Trop de tentatives. Réessayez dans 42 secondes.", false},
		{views.TooManyAttempts(121 * time.Second), "alert", "Too many attempts. Try again in 3 minutes.", "Trop de tentatives. Réessayez dans 3 minutes.", false},
	}
	for _, c := range cases {
		for lang, want := range map[string]string{"en": c.en, "fr": c.fr} {
			html, err := set.Messages(lang, c.message)
			shown := parse(t, html, err).Find("[role=" + c.role + "]")
			next := shown.Find("span").Text()
			if (next != "") != c.nextStep {
				t.Errorf("%s: the next step is %q", want, next)
			}
			shown.Find("span").Remove()
			if got := strings.TrimSpace(shown.Text()); got != want {
				t.Errorf("%s: got %q, want %q", lang, got, want)
			}
		}
	}
	html, err := set.Messages("en", views.NobodyReports())
	if !parse(t, html, err).Find("p.message").HasClass("warning") {
		t.Error("that nobody reports looks like good news")
	}
	if html, err := set.Messages("en", nil); err != nil || len(html) != 0 {
		t.Errorf("no message: %q, %v", html, err)
	}
}

func TestNameInAMessageIsIsolatedText(t *testing.T) {
	html, err := newSet(t).Messages("en", views.LogsFound(hostileName))
	if got := parse(t, html, err).Find("[role=status] bdi").Text(); got != hostileName {
		t.Errorf("name is %q", got)
	}
}

func TestMatchTakesTheFirstWishThatCanBeFulfilled(t *testing.T) {
	set := newSet(t)
	cases := []struct {
		wishes []string
		want   string
	}{
		{nil, "en"},
		{[]string{""}, "en"},
		{[]string{"fr"}, "fr"},
		{[]string{"", "fr-CA,fr;q=0.9,en;q=0.8"}, "fr"},
		{[]string{"en", "fr"}, "en"},
		{[]string{"ja, fr;q=0.5"}, "fr"},
		{[]string{"ja"}, "en"},
		{[]string{"de-AT"}, "de"},
		{[]string{"es-MX"}, "es"},
		{[]string{"ar-EG"}, "ar"},
		{[]string{"ja", "fr"}, "fr"},
		{[]string{"<script>", "fr"}, "fr"},
		{[]string{strings.Repeat("fr-", 5000), "fr"}, "fr"},
	}
	for _, c := range cases {
		if got := set.Match(c.wishes...); got != c.want {
			t.Errorf("Match(%.40q) = %q, want %q", c.wishes, got, c.want)
		}
	}
}

func TestLanguageThatIsNotSpokenIsShownInEnglish(t *testing.T) {
	html, err := newSet(t).Error(views.Error{Layout: views.Layout{Lang: "tlh"}, Status: 404})
	if got := parse(t, html, err).Find("html").AttrOr("lang", ""); got != "en" {
		t.Errorf("html lang %q", got)
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	set := newSet(t)
	var all sync.WaitGroup
	for i := range 8 {
		lang := []string{"en", "fr"}[i%2]
		all.Go(func() {
			for range 20 {
				e := hostileEntry()
				if _, err := set.Row(lang, "", &e, true); err != nil {
					t.Error(err)
				}
				if _, err := set.Messages(lang, views.TooManyAttempts(time.Minute)); err != nil {
					t.Error(err)
				}
				if _, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: lang}, Username: "ada"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestPagesAreTextWhateverWasTyped(t *testing.T) {
	s := newSet(t)
	for typed, want := range map[string]string{
		"a\xffb":       "a\ufffdb",
		"\xed\xa0\x80": "\ufffd\ufffd\ufffd",
		"a\x1b[2Jb":    "a\ufffd[2Jb",
		"a\u009bb":     "a\ufffdb",
		"a\x7fb":       "a\ufffdb",
		"\u202eé😀":     "\u202eé😀",
	} {
		page, err := s.Login(views.Login{Layout: views.Layout{Lang: "en"}, Username: typed})
		if got := parse(t, page, err).Find("#username").AttrOr("value", ""); got != want {
			t.Errorf("%q is shown as %q, want %q", typed, got, want)
		}
	}
}
