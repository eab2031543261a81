package e2e

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	site := demo(t, redistest.Start(t))
	newCustomer(t, site, "ada").get("/help")
	b := site.enter(t)

	tests := []struct{ name, username, role, message string }{
		{"found", "ada", "status", "Logs found for ada."},
		{"no logs", "grace", "status", noLogs("grace")},
		{"not found", "nobody", "alert", "User nobody not found." + askForName},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.visit("/static")
			b.search(test.username)
			b.shows("#messages [role="+test.role+"]", test.message)
			if value := evaluate[string](b, "document.querySelector('#search [name=username]').value"); value != test.username {
				t.Errorf("the search field shows %q, want %q", value, test.username)
			}
		})
	}
}

// What pages say of a name that nothing is known of.
const askForName = " Ask the caller for the username, exactly as it is typed at the login."

func noLogs(name string) string {
	return "No logs for " + name + "." + askForName + " If it is this one, a page that they open now appears here."
}

// Of an unknown name there is one sentence, and what to ask the caller. All else comes with the first request.
func TestAnUnknownNameIsAllThatIsSaid(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	const others = "[...document.querySelectorAll('#now, .controls, #log, .empty, #pause, .heading .switch, #summary')].some(e => e.checkVisibility({ visibilityProperty: true }))"
	for page, name := range map[string]string{"/static": "ursula", "/live": "ulla"} {
		b := site.enter(t)
		b.visit(page + "?username=" + name)
		b.shows("#messages > .alone", noLogs(name))
		b.eventually(page+" shows nothing else", "!"+others)
		record(logs, name, "/first")
		b.displays("/first")
		b.eventually(page+" shows all", "!document.querySelector('.alone') && "+others)
	}
}

func TestStaticLogShowsWhatHappened(t *testing.T) {
	t.Parallel()
	site := demo(t, redistest.Start(t))
	ada := newCustomer(t, site, "ada") // GET and POST /login
	ada.get("/help")
	ada.get("/no-such-page")
	b := site.enter(t)
	b.visit("/static?username=ada")
	b.hasURLs("/no-such-page", "/help", "/login")
	b.shows("#rows > tr:nth-child(1) > td.result", "Not found (404)")
	b.shows("#rows > tr:nth-child(2)  .type", "Read (GET)")
	b.shows("#rows > tr:nth-child(2) > td.result", "Success (200)")
	b.shows("#rows > tr:nth-child(3)  .type", "Write (POST)")
	b.shows("#rows > tr:nth-child(3) > td.result", "Redirection (303)")
	if links := evaluate[int](b, "document.querySelectorAll('#rows td.url a').length"); links != 0 {
		t.Errorf("%d logged URLs are links that would act as the agent", links)
	}
}

func TestStaticLogRefreshesByItself(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	b := site.enter(t)
	b.visit("/static?username=rita")
	b.shows("#messages [role=status]", noLogs("rita"))
	evaluate[bool](b, "window.unchanged = true")
	record(logs, "rita", "/first", "/second")
	b.hasURLs("/second", "/first")
	b.shows("#messages [role=status]", "Logs found for rita.")
	record(logs, "rita", "/third")
	b.hasURLs("/third", "/second", "/first")
	b.isConnected("refreshing")
	if !evaluate[bool](b, "window.unchanged === true") {
		t.Error("the page was loaded anew instead of refreshing its table")
	}
}
