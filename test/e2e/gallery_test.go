package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// place is a page of the admin, in one of its states. Whatever every page has to be, all places are
// checked for: a new page is one line in places.
type place struct {
	name  string
	path  string     // below the admin
	reach func(*tab) // goes there, where the page is the answer to a form
	as    string     // the account that looks; "" = nobody is logged in
	site  string     // key of gallery.origins; "" = the ordinary one
	ready string     // JavaScript that is true when all of the page is there; "" = once it has loaded
	fresh bool       // shows that a user is in trouble, who has to be so now
	begin begin      // how the account has logged in
}

// begin is how an account has logged in. The zero begin is a login of just now.
type begin struct {
	ago     time.Duration
	halfway bool // its second factor is asked for
}

// The other account of the gallery, and its sites that are not ordinary.
const (
	guarded  = "guarded" // has a second factor
	viewer   = "a-rather-long-name-of-a-viewer-who-works-at-night@support.example.com"
	strict   = "strict"   // asks for reasons
	detached = "detached" // has no Redis
	// People log in at a provider, as one of this name who has an account, too.
	elsewhere = "elsewhere"
	signedOn  = "grace"
	broken    = "broken"  // has a page that panics
	refused   = "refused" // may read its Redis, and not write all
	telling   = "telling" // sends messages about rules
	// Its live pages connect to nowhere.
	unconnected = "unconnected"
)

// long is a name, or a part of a URL, that offers no place to break it.
func long() string { return strings.Repeat("w", 200) }

// Conditions of places. All of ada's and grace's requests are on a live page when it is ready.
const (
	connected = "document.querySelector('#connection[data-state=live]') && document.querySelectorAll('#rows > tr').length > 8"
	refreshed = "document.querySelectorAll('#rows > tr').length > 8"
	journeyed = "document.querySelector('#rows .parts') && document.querySelector('#now .problem')"
	suggested = "document.querySelector('#suggestions li') || " + typeAgain
)

// places lists every page.
func places() []place {
	ada := "?" + url.Values{"username": {"ada"}}.Encode()
	strange := "?" + url.Values{"username": {hostile[1]}}.Encode()
	endless := "?" + url.Values{"username": {long()}}.Encode()
	troubled := "?username=troubled"
	lost := "?" + url.Values{"username": {helpless}}.Encode()
	return []place{
		{name: "login", path: "/login"},
		{name: "login refused", reach: (*tab).failToLogIn},
		{name: "password", path: "/password" + strange + "#" + "code"},
		{name: "home", path: "/", as: superuser, fresh: true, ready: "document.querySelector('#trouble .hinted')"},
		{name: "home, all in trouble", path: "/?all=1", as: superuser, fresh: true, ready: "document.querySelector('#trouble .handled')"},
		{name: "home with suggestions", reach: (*tab).typeAName, as: superuser, ready: suggested, fresh: true},
		{name: "static of who is in trouble", path: "/static" + troubled, as: superuser, ready: journeyed, fresh: true},
		{name: "live of who is in trouble", path: "/live" + troubled, as: superuser, ready: journeyed, fresh: true},
		{name: "live, paused", reach: (*tab).pauseTheLog, as: superuser, fresh: true},
		{name: "live, alerts", reach: (*tab).openTheAlerts, as: superuser, fresh: true},
		{name: "live, filtered in vain", path: "/live" + troubled + "&q=nosuch", as: superuser, ready: "document.querySelector('#connection[data-state=live]')"},
		{name: "live, cut off", path: "/live?username=nobody", as: superuser, site: unconnected, ready: "document.querySelector('.cut-off').checkVisibility()"},
		{name: "static", path: "/static" + ada, as: superuser, ready: refreshed},
		{name: "static with notes", path: "/static?username=grace", as: superuser, ready: refreshed},
		{name: "live with notes", reach: (*tab).openNotes, as: viewer},
		{name: "note refused", reach: (*tab).sendAnEmptyNote, as: viewer},
		{name: "static of a strange name", path: "/static" + strange, as: superuser},
		{name: "static of nobody", path: "/static?username=nobody", as: superuser},
		{name: "static search", path: "/static", as: superuser},
		{name: "live", path: "/live" + ada, as: superuser, ready: connected},
		{name: "live of a strange name", path: "/live" + strange, as: superuser},
		{name: "live of a long name", path: "/live" + endless, as: superuser},
		{name: "live of a visitor", path: "/live" + lost, as: superuser, fresh: true, ready: "document.querySelector('#now .problem') && document.querySelector('#support')"},
		{name: "static of a visitor who logged in", path: "/static" + "?" + url.Values{"username": {found}}.Encode(), as: superuser, ready: "document.querySelector('#rows .became')"},
		{name: "static of a user who was a visitor", path: "/static?username=joined", as: superuser, ready: "document.querySelector('#rows .visitor')"},
		{name: "a code that is a name", path: "/static?username=" + ambiguous, as: superuser, ready: "document.querySelector('#offers')"},
		{name: "live search", path: "/live", as: superuser},
		{name: "everyone", path: "/live/everyone?show=", as: superuser, ready: connected},
		{name: "audit", path: "/audit", as: superuser},
		{name: "audit without a match", path: "/audit?actor=nobody&from=nonsense", as: superuser},
		{name: "accounts", path: "/accounts", as: superuser},
		{name: "recording", path: "/recording", as: superuser},
		{name: "rules", path: "/rules", as: superuser, site: telling, ready: "document.querySelectorAll('#rules tbody tr').length === 2"},
		{name: "health", path: "/health", as: superuser},
		{name: "one-time link", reach: (*tab).makeLink, as: superuser},
		{name: "account", path: "/account", as: superuser},
		{name: "token", reach: (*tab).makeToken, as: superuser},
		{name: "account with a second factor", path: "/account", as: guarded},
		{name: "second step of a login", path: "/login/second", as: viewer, begin: begin{halfway: true}},
		{name: "setting up an app", reach: (*tab).setUpApp, as: superuser},
		{name: "recovery codes", reach: (*tab).makeCodes, as: guarded},
		{name: "proof", reach: (*tab).makeTokenUnproven, as: viewer, begin: begin{ago: 2 * auth.ProofLifetime}},
		{name: "proof at a provider", reach: (*tab).askTheProvider, site: elsewhere},
		{name: "proof by a provider", reach: (*tab).proveAtTheProvider, site: elsewhere},
		{name: "account of a viewer", path: "/account", as: viewer},
		{name: "reason", path: "/static" + strange, as: superuser, site: strict},
		{name: "403", path: "/audit", as: viewer},
		{name: "404", path: "/nowhere", as: superuser},
		{name: "500", path: "/panic", as: superuser, site: broken},
		{name: "503", path: "/", as: superuser, site: detached},
		{name: "home, refused by Redis", path: "/", as: superuser, site: refused, ready: "document.querySelector('#lists [role=alert]')"},
		{name: "live, refused by Redis", path: "/live" + ada, as: superuser, site: refused, ready: "document.querySelector('#connection:is([data-state=not-served], [data-state=store-refuses])') && document.querySelector('#messages [role=alert]')"},
	}
}

// gallery is sites in which every place is to be seen. Tests share it: none of them changes what another looks at.
type gallery struct {
	logs    *store.Store
	site    *program          // the ordinary one
	origins map[string]string // of all sites
}

// openGallery starts the sites. Their logs are full of texts that could break a page.
func openGallery(t testing.TB) *gallery {
	t.Helper()
	redis := redistest.Start(t)
	logs := openStore(t, redis)
	createAccount(t, logs.Client(), viewer, auth.Viewer)
	createAccount(t, logs.Client(), guarded, auth.Viewer)
	addApp(t, logs.Client(), guarded)
	createAccount(t, logs.Client(), signedOn, auth.Viewer)
	for i, path := range hostile {
		for _, username := range []string{"ada", "grace", path} {
			logs.Record(store.Entry{
				Username: username, Method: []string{"GET", "POST", "<b>"}[i%3], Path: path, Code: 100 * (1 + i%6),
				Route: path, RequestID: path, Extra: map[string]string{path: path},
			})
		}
	}
	leaveNotes(t, logs)
	record(logs, "ada", "/"+long(), "/")
	record(logs, long(), "/")
	recordVisitors(t, logs)
	site := serve(t, redis, "--site-url", "https://shop.example.com", "--trace-url", "https://traces.example.com/{request_id}")
	if err := redis.Client(t).Do(context.Background(), "acl", "setuser", refused, "on", "nopass", "~*", "&*", "+@all", "-set").Err(); err != nil {
		t.Fatal(err)
	}
	makeRules(t, redis.Client(t))
	return &gallery{logs: logs, site: site, origins: map[string]string{
		telling:     start(t, anyAddress(t), "serve", "--redis", redis.URL, "--webhook-file", destinations(t)).origin,
		"":          site.origin,
		strict:      start(t, anyAddress(t), "serve", "--redis", redis.URL, "--require-reason").origin,
		unconnected: start(t, anyAddress(t), "serve", "--redis", redis.URL, "--live-url", "ws://127.0.0.1:1/socket").origin,
		detached:    start(t, anyAddress(t), "serve", "--redis", "redis://127.0.0.1:1").origin,
		refused:     start(t, anyAddress(t), "serve", "--redis", strings.Replace(redis.URL, "unix://", "unix://"+refused+":x@", 1)).origin,
		broken:      panicking(t, logs, "/userlog/panic"),
		elsewhere:   signedOnElsewhere(t, logs),
	}}
}

// leaveNotes has agents note as much as they can about grace, and say who takes care of customers.
func leaveNotes(t testing.TB, logs *store.Store) {
	t.Helper()
	log := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	notes := team.Changes{Board: team.NewBoard(logs.Client(), team.Keys{Prefix: logs.KeyPrefix()}), Log: log, Mask: logs.MaskText, Now: logs.Now}
	by := func(account, username string) team.Change {
		return team.Change{By: audit.Actor{Name: account}, Username: username, Keep: time.Hour}
	}
	for _, text := range append([]string{long(), strings.Repeat("Zeile mit Text. ", 30), "يتصل مجددًا في الثالثة"}, hostile[:]...) {
		for _, account := range []string{viewer, superuser} {
			if err := notes.AddNote(context.Background(), by(account, "grace"), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, username := range []string{"grace", hostile[0]} {
		if err := notes.Handle(context.Background(), by(viewer, username), team.OnIt, "", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
}

// makeRules makes two rules, about nobody who is there, and has messages arrive at one of three destinations.
func makeRules(t testing.TB, client redis.UniversalClient) {
	t.Helper()
	about, err := json.Marshal(map[string]any{"kind": "user-fails", "username": hostile[1] + long(), "by": viewer, "made": time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	const many = `{"kind":"many-fail","count":1000,"by":"admin","made":"2026-01-01T00:00:00Z"}`
	err = errors.Join(
		client.HSet(context.Background(), "userlog:{webhook}:rules", "r1", many, "r2", about).Err(),
		client.HSet(context.Background(), "userlog:{webhook}:state", "pager:sent", time.Now().UnixMilli(), "support:failed", 3, "support:at", time.Now().UnixMilli()).Err(),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// destinations is a file of three destinations, to which nothing is sent.
func destinations(t testing.TB) string {
	t.Helper()
	const format = "[%s]\nurl = \"http://127.0.0.1:1/\"\nformat = \"slack\"\n"
	file := filepath.Join(t.TempDir(), "webhooks.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, format+format+format, "pager", "support", "a-rather-long-name-of-one-more"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// recordTrouble records somebody's way with everything that a row can have: redirects, parts that failed,
// what was loaded ahead or is only implied, polls, a name that the application gave, days, and hints.
func recordTrouble(logs *store.Store) {
	at := time.Now().Add(-26 * time.Hour)
	for i, e := range []store.Entry{
		{Path: "/yesterday", Code: 200, Kind: store.KindPage},
		{Path: "/orders/7", Code: 200, Kind: store.KindPage, Page: "Order details", Route: "/orders/:id", Duration: time.Second, RequestID: "a 1"},
		{Path: "/missing.png", Code: 404, Kind: store.KindAsset, From: "/orders/7", RequestID: "a 2"},
		{Path: "/poll", Code: 200, Kind: store.KindFetch, From: "/orders/7"},
		{Path: "/poll", Code: 200, Kind: store.KindFetch, From: "/orders/7"},
		{Path: "/poll", Code: 200, Kind: store.KindFetch, From: "/orders/7"},
		{Path: "/next", Code: 200, Kind: store.KindPrefetch, From: "/orders/7"},
		{Path: "/data", Code: 200, Kind: store.KindFetch, From: "/implied"},
		{Method: "POST", Path: "/pay", Code: 303, Kind: store.KindPage, From: "/orders/7", Location: "/paid", RequestID: "a 3"},
		{Path: "/paid", Code: 500, Kind: store.KindPage, From: "/orders/7", Page: "Paid", RequestID: "a 4"},
		{Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay", Extra: map[string]string{"plan": "gold"}},
		{Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay"},
		{Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Page: "Pay"},
	} {
		e.Username, e.Time = "troubled", at
		if i > 0 {
			e.Time = time.Now().Add(time.Duration(i-7) * 2 * time.Second) // the newest of all, so that home lists it
		}
		if e.Method == "" {
			e.Method = "GET"
		}
		logs.Record(e)
	}
}

// Visitors of the gallery: one who can't log in, and one who has. ambiguous is a code and the name of a user.
var helpless, found = store.VisitorName("helpless"), store.VisitorName("found")

const ambiguous = "482913"

// recordVisitors records people who were not logged in.
func recordVisitors(t testing.TB, logs *store.Store) {
	t.Helper()
	record(logs, found, "/help")
	record(logs, ambiguous, "/")
	if err := logs.Client().Set(context.Background(), store.DefaultKeyPrefix+"support:code:{"+ambiguous+"}", found, 24*time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	logs.Join(found, store.Entry{Username: "joined", Method: "POST", Path: "/login", Code: 303, Kind: store.KindPage, Page: "Log in"})
}

// callForHelp has a visitor fail to log in, and the superuser use her code.
func callForHelp(logs *store.Store) error {
	for range 3 {
		logs.Record(store.Entry{Username: helpless, Method: "POST", Path: "/login", Code: 422, Kind: store.KindPage, Page: "Log in", Problem: "wrong password"})
	}
	support, err := logs.SupportCode(context.Background(), helpless, false)
	if err == nil {
		_, err = logs.OpenSupport(context.Background(), support.Code, superuser)
	}
	return err
}

// visitAll shows every place in every one of the languages to look, and returns when all have been looked at: each place
// in a test and a tab of its own, several at a time.
func (g *gallery) visitAll(t *testing.T, languages []string, look func(b *tab, p place)) {
	t.Run("place", func(t *testing.T) {
		for _, p := range places() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				b := g.enter(t, p)
				for _, language := range languages {
					if p.fresh {
						recordTrouble(g.logs)
						if err := callForHelp(g.logs); err != nil {
							t.Fatal(err)
						}
						written(t, g.logs)
					}
					b.prefers(language)
					b.goTo(p)
					look(b, p)
				}
			})
		}
	})
}

// enter opens a tab for the account that looks at a place, at the site of the place.
func (g *gallery) enter(t *testing.T, p place) *tab {
	t.Helper()
	b := openTab(t, g.origins[p.site]+"/userlog")
	b.expect("the server responded with a status of 4", "the server responded with a status of 50",
		`The specified value "nonsense" does not conform`, socketRefused, socketRefusedHTMX)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still})
	if p.as != "" {
		b.holdSessionBegun(g.site, p.as, p.begin) // the sites share a Redis
	}
	return b
}

// still asks for pages that do not move, so that a color is not looked at on its way to another.
var still = []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}

// goTo goes to a place and waits until it is ready.
func (b *tab) goTo(p place) {
	b.t.Helper()
	if p.reach != nil {
		p.reach(b)
	} else {
		b.visit(p.path)
	}
	b.eventually("the page", "document.readyState === 'complete' && document.querySelector('main h1')")
	if p.ready != "" {
		b.eventually("all of the page", p.ready)
	}
}

func (b *tab) typeAName() {
	b.visit("/")
	b.enter("#search-name", "tr")
}

func (b *tab) pauseTheLog() {
	b.visit("/live?username=troubled")
	b.eventually("the log", journeyed)
	b.click("#pause")
	b.eventually("the log is paused", "document.querySelector('#pause[aria-pressed=true]')")
}

func (b *tab) openTheAlerts() {
	b.visit("/live?username=troubled")
	b.eventually("the log", journeyed)
	b.click("#alerting")
	evaluate[bool](b, "(box => { if (!box.checked) box.click(); return true; })(document.querySelector('#alerts [name=on]'))")
	b.eventually("what the browser allows is said", "document.querySelector('#alerts-state').textContent")
}

func (b *tab) openNotes() {
	b.visit("/live?username=grace")
	b.eventually("all of the page", connected)
	b.eventually("the notes", "document.querySelector('#notes')")
	b.click("#notes summary")
	b.click("#add-note summary")
}

// sendAnEmptyNote sends the form as browsers without scripts do, which have no field that is required either.
func (b *tab) sendAnEmptyNote() {
	b.visit("/static?username=grace")
	evaluate[bool](b, "(document.getElementById('note-form').submit(), true)")
	b.eventually("the refusal", "document.querySelector('.note-page [role=alert]')")
}

func (b *tab) failToLogIn() {
	b.visit("/login")
	b.fillInLogin("nobody", "a wrong password")
	b.eventually("the login is refused", "document.querySelector('#messages [role=alert]')")
}

// makeLink has a link made for the viewer, by the first form that is about a password.
func (b *tab) makeLink() {
	b.visit("/accounts")
	b.submit("form[action$='/accounts/link']:has([name=name][value=" + quote(viewer) + "])")
	b.eventually("the link", "document.querySelector('#secret')")
}

func (b *tab) makeToken() {
	b.visit("/account")
	b.enter("#create-token [name=label]", hostile[1])
	b.submit("#create-token")
	b.eventually("the token", "document.querySelector('#secret')")
}

func (b *tab) setUpApp() {
	b.visit("/account")
	b.submit("#set-up-app")
	b.eventually("the QR code", "document.querySelector('#qr')")
}

func (b *tab) makeCodes() {
	b.visit("/account")
	b.submit("#recovery")
	b.eventually("the codes", "document.querySelector('#secret')")
}

func (b *tab) makeTokenUnproven() {
	b.visit("/account")
	b.enter("#create-token [name=label]", hostile[1])
	b.submit("#create-token")
	b.eventually("the question", "document.querySelector('#proof-form')")
}

// askTheProvider asks for a change, logged in at a provider that has not said when it asked who it is.
func (b *tab) askTheProvider() {
	b.visit("/sign-on?next=/userlog/account")
	b.enter("#create-token [name=label]", hostile[1])
	b.submit("#create-token")
	b.eventually("the link", "document.querySelector('#at-provider')")
}

func (b *tab) proveAtTheProvider() {
	b.askTheProvider()
	b.click("#at-provider")
	b.eventually("the form", "document.querySelector('#proof-form')")
}

// submit sends a form that may be folded away.
func (b *tab) submit(form string) {
	b.t.Helper()
	evaluate[bool](b, fmt.Sprintf("(document.querySelector(%s).requestSubmit(), true)", quote(form)))
}
