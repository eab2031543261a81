package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin})
	b := s.stranger()
	lang := func(target string, headers ...string) string {
		return b.get(base+target, append([]string{"X-Host-User", root}, headers...)...).find("html").AttrOr("lang", "")
	}
	for accepted, want := range map[string]string{
		"": "en", "fr": "fr", "fr-CH, en;q=0.5": "fr", "ja": "en", "ja, fr;q=0.1": "fr", "de": "de", "ar-MA": "ar", "en;q=0.1, fr;q=0.9": "fr", "\xff;;": "en", "*": "en",
	} {
		if got := lang("/", "Accept-Language", accepted); got != want {
			t.Errorf("%q: the page is in %q", accepted, got)
		}
	}

	page := b.get(base+"/static?username=a%2Fb", "X-Host-User", root)
	footer := page.find("footer form[action$='/language']")
	if next := footer.Find("input[name=next]").AttrOr("value", ""); next != base+"/static?username=a%2Fb" {
		t.Errorf("the switch leads back to %q", next)
	}
	chosen := b.post(footer.AttrOr("action", ""), url.Values{"lang": {"fr"}, "next": {base + "/live"}})
	if chosen.StatusCode != http.StatusSeeOther || chosen.location() != base+"/live" || chosen.Cookies()[0].MaxAge < 3600*24*30 {
		t.Errorf("the switch: %d to %q with %v", chosen.StatusCode, chosen.location(), chosen.Cookies())
	}
	for _, target := range []string{"/", "/live", "/static?username=ada", "/live/everyone"} {
		if got := lang(target, "Accept-Language", "en"); got != "fr" {
			t.Errorf("%s is in %q after French was chosen", target, got)
		}
	}
	if got := b.get(base+"/live?username=ada", "X-Host-User", root).find("#live").AttrOr("hx-ws:connect", ""); got != base+"/live/socket?lang=fr&page=1&username=ada" {
		t.Errorf("the live page connects to %q", got)
	}
	// What a link says must not hold the reader to a language that she has left.
	if got := lang("/?lang=en"); got != "fr" {
		t.Errorf("a link changes the language to %q", got)
	}
	b.post(base+"/language", url.Values{"lang": {"en"}})
	if got := lang("/", "Accept-Language", "fr"); got != "en" {
		t.Errorf("the page is in %q after English was chosen", got)
	}
	b.post(base+"/language", url.Values{"lang": {"<b>"}})
	if got := lang("/", "Accept-Language", "fr"); got != "en" {
		t.Errorf("the page is in %q after nonsense was chosen", got)
	}
}

func TestAPinnedLanguageIsNotAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin, Language: "fr"})
	b := s.stranger()
	b.post(base+"/language", url.Values{"lang": {"en"}})
	a := b.get(base+"/static?username=ada&lang=en", "X-Host-User", root, "Accept-Language", "en")
	switches := a.find("footer form[action$='/language']").Length()
	if lang := a.find("html").AttrOr("lang", ""); lang != "fr" || switches != 0 {
		t.Errorf("the page is in %q and offers %d switches", lang, switches)
	}
}

func TestReadersChooseALook(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin})
	b := s.stranger()
	for _, test := range []struct{ chosen, want string }{{"", ""}, {"dark", "dark"}, {"<b>", ""}, {"light", "light"}, {"", ""}} {
		if a := b.post(base+"/theme", url.Values{"theme": {test.chosen}, "next": {base + "/live"}}); a.StatusCode != http.StatusSeeOther || a.location() != base+"/live" {
			t.Errorf("%q: %d to %q", test.chosen, a.StatusCode, a.location())
		}
		if got := b.get(base+"/live", "X-Host-User", root).find("html").AttrOr("data-theme", ""); got != test.want {
			t.Errorf("after %q was chosen the theme is %q", test.chosen, got)
		}
	}
	if got := s.stranger().get(base+"/live", "X-Host-User", root, "Cookie", "userlog_theme=<b>").find("html").AttrOr("data-theme", ""); got != "" {
		t.Errorf("the cookie makes the theme %q", got)
	}
}

func TestSuggestionsBeginSo(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for _, username := range []string{"ada", "Adam", "alan", "grace", "ad*", "<b>", `"quoted"`, "Ünï"} {
		s.record(username, "/")
	}
	for q, want := range map[string][]string{
		"ad": {"ad*", "ada", "Adam"}, "AD": {"ad*", "ada", "Adam"}, "ad*": {"ad*"}, "x": nil, "*": {"ad*"}, "<": {"<b>"}, `"`: {`"quoted"`}, "ünï": {"Ünï"},
		"a[": nil, "\xff": nil, "[": nil, "(": nil, "-": nil, "+": nil,
	} {
		a := b.get(base + "/users?" + url.Values{"q": {q}}.Encode())
		var got []string
		for _, option := range a.find("[role=option]").EachIter() {
			got = append(got, option.AttrOr("data-username", ""))
		}
		if a.StatusCode != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%q: %d %q, want %q", q, a.StatusCode, got, want)
		}
	}
	if recent := b.get(base + "/users").find("[role=option]").Length(); recent != 8 {
		t.Errorf("without a beginning there are %d suggestions", recent)
	}
	home := b.get(base + "/")
	if seen := home.texts("#seen td.user"); len(seen) != 8 || !slices.Contains(seen, "<b>") || home.find("#seen b").Length() != 0 {
		t.Errorf("home lists %q", seen)
	}
}
