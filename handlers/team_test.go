package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// customer records requests of a user, and returns when the index knows her.
func (s *site) customer(username string, entries ...store.Entry) {
	s.t.Helper()
	for _, e := range append(entries, store.Entry{Method: "GET", Path: "/", Code: 200}) {
		e.Username = username
		s.logs.Record(e)
	}
	redistest.Eventually(s.t, "the index knows the customer", func() bool {
		seen, err := s.logs.Seen(s.t.Context(), username)
		trouble, troubleErr := s.logs.TroubleOf(s.t.Context(), username)
		return err == nil && troubleErr == nil && len(seen) == 1 && (len(entries) == 0 || !trouble[0].At.IsZero())
	})
}

// say sends a form about a user: what to do, and the text of a note.
func (b *browser) say(username, do, note string, headers ...string) *answer {
	b.t.Helper()
	return b.post(base+"/team", form("username", username, "do", do, "note", note), headers...)
}

// said adds a note, or says who takes care, and wants that to be taken.
func (b *browser) said(username, do, note string) {
	b.t.Helper()
	if a := b.say(username, do, note); a.StatusCode != http.StatusSeeOther || a.location() != base+"/static?username="+url.QueryEscape(username) {
		b.t.Fatalf("%s: %d to %q, %s", do, a.StatusCode, a.location(), a.text("#messages"))
	}
}

// log is the static log of a user.
func (b *browser) log(username string) *answer {
	b.t.Helper()
	return b.get(base + "/static?username=" + url.QueryEscape(username))
}

// action is what a form says where a button of the log is pressed.
func (a *answer) action(button string) string {
	a.t.Helper()
	for _, s := range a.find("#colleagues button").EachIter() {
		if strings.TrimSpace(s.Text()) == button {
			return s.AttrOr("value", "")
		}
	}
	a.t.Fatalf("there is no button %q: %q", button, a.texts("#colleagues button"))
	return ""
}

// A note is read by whoever may look at the log, with its author. An agent who may not delete it is not offered to.
func TestColleaguesReadNotes(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		root, vera, willi := s.superuser(), s.viewer("vera"), s.viewer("willi")
		s.customer("ada b")
		before := willi.log("ada b").Header.Get("ETag")
		vera.said("ada b", "note", "Card 4111 1111 1111 1111 declined.\r\nCalls back <b>at 3</b>")
		page := willi.log("ada b")
		if got := page.texts("#notes .said p"); !slices.Equal(got, []string{"Card *** declined.", "Calls back <b>at 3</b>"}) {
			t.Errorf("willi reads %q", got)
		}
		if got := page.text("#notes summary"); got != "1 note vera: Card *** declined. Calls back <b>at 3</b>" {
			t.Errorf("folded, it is %q", got)
		}
		if page.Header.Get("ETag") == before {
			t.Error("a refresh would not bring the note")
		}
		delete := vera.log("ada b").action("Delete")
		if root.log("ada b").action("Delete") != delete || page.find("#notes button").Length() != 0 {
			t.Error("who may delete it is not who is offered to")
		}
		willi.say("ada b", delete, "").expect(http.StatusUnprocessableEntity, "The note was written by somebody else. Only its author and superusers can delete it: ask one of them.")
		willi.said("ada b", "note", "I know.")
		vera.said("ada b", delete, "")
		root.said("ada b", root.log("ada b").action("Delete"), "")
		if left := root.log("ada b").find("#notes").Length(); left != 0 {
			t.Error("a note is left")
		}
		vera.say("ada b", delete, "").expect(http.StatusUnprocessableEntity, "The note has been deleted already. There is nothing left to do.")

		numbers := map[audit.Action][]string{}
		for _, r := range s.records() {
			if line, err := json.Marshal(r); err != nil || strings.Contains(string(line), "declined") {
				t.Errorf("the audit log has the text: %s, %v", line, err)
			}
			if r.Subject == "ada b" && (r.Action == audit.NoteAdded || r.Action == audit.NoteDeleted) {
				number, _, _ := strings.Cut(r.Detail, " ")
				numbers[r.Action] = append(numbers[r.Action], r.Actor+" "+number)
			}
		}
		if added, deleted := numbers[audit.NoteAdded], numbers[audit.NoteDeleted]; len(added) != 2 || len(deleted) != 2 ||
			deleted[0] != added[0] || deleted[1] != strings.Replace(added[1], "willi", "root", 1) {
			t.Errorf("the audit log: %q", numbers)
		}
	})
}

// What is typed is not lost, whatever is wrong with it, and nothing of it does anything to the page.
func TestNotesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera := s.viewer("vera")
	s.customer("ada")
	hostile := `"></textarea><script>alert(1)</script>` + strings.Repeat("x", 8<<10)
	for n, c := range []struct{ username, do, note, says string }{
		{"ada", "note", " \u200b\n", "The note is empty. Write what your colleagues should know."},
		{"ada", "note", hostile, "The note is too long. Shorten it to 500 characters."},
		{"nobody", "note", "a note", "This customer has not been here lately, so nothing can be noted. Try again when the customer has opened a page."},
		{"ada", "owned", "a note", "Somebody else was quicker. See above who is on it now, and decide again."},
	} {
		agent := s.viewer("agent " + strconv.Itoa(n)) // nobody may send so many
		a := agent.say(c.username, c.do, c.note)
		a.expect(http.StatusUnprocessableEntity, c.says)
		if got := a.find("#note").Text(); strings.TrimSpace(got) != strings.TrimSpace(c.note) || a.find("script:not([src])").Length() > 0 {
			t.Errorf("%s of %s: what was typed is %.40q now", c.do, c.username, got)
		}
		if a.find("#rows, #notes, #now").Length() > 0 {
			t.Error("the page shows a log")
		}
		part := agent.say(c.username, c.do, c.note, "HX-Request", "true")
		if got := part.text("[hx-target='#note-said'] [role=alert]"); part.StatusCode != http.StatusUnprocessableEntity || got != c.says {
			t.Errorf("in a page, it is %d and %q", part.StatusCode, got)
		}
	}
	if a := vera.say("a\x01b", "note", "a note"); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a name that nobody can have: %d", a.StatusCode)
	}
	for _, key := range s.client.Keys(t.Context(), s.logs.KeyPrefix()+"team:*").Val() {
		t.Errorf("%s is there", key)
	}
}

// A note a second is too many. The account can go on with everything else, and others can write notes.
func TestNotesAreFewAMinute(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera, willi := s.viewer("vera"), s.viewer("willi")
	s.customer("ada")
	var refused *answer
	for range auth.NotedAtOnce + auth.NotedPerMinute {
		if a := vera.say("ada", "note", "the same?"); a.StatusCode != http.StatusSeeOther {
			refused = a
			break
		}
	}
	if refused == nil {
		t.Fatal("as many as she likes")
	}
	refused.expect(http.StatusTooManyRequests, "You have sent too much in a short time. Nothing is lost: wait a few seconds, and try again.")
	if wait := refused.Header.Get("Retry-After"); wait == "" || wait == "0" || refused.find("#note").Text() != "the same?" {
		t.Errorf("wait %q, and the text is %q", wait, refused.find("#note").Text())
	}
	willi.said("ada", "note", "another's")
	if a := vera.log("ada"); a.StatusCode != http.StatusOK || a.find("#notes li").Length() != 2 { // the same one again at once is one
		t.Errorf("%d, %q", a.StatusCode, a.texts("#notes li"))
	}
}

// Notes are for those who may look at the log, and who have said why where that is asked for.
func TestTheGateDecidesAboutNotes(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	vera := s.viewer("vera")
	s.customer("ada")
	if a := s.stranger().say("ada", "note", "a note"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.location(), base+"/login") {
		t.Errorf("a stranger: %d to %q", a.StatusCode, a.location())
	}
	if a := vera.say("ada", "note", "a note", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); a.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: %d", a.StatusCode)
	}
	a := vera.say("ada", "note", "a note")
	a.expect(http.StatusForbidden, "The reason that you stated holds no longer. Copy your text, open the log again, and state a reason.")
	if a.find("#note").Text() != "a note" {
		t.Errorf("the text is %q", a.find("#note").Text())
	}
	vera.post(base+"/reason", form("username", "ada", "reason", "ticket 12", "next", base+"/static?username=ada"))
	vera.said("ada", "note", "a note")
	records := s.records()
	if last := records[len(records)-1]; last.Action != audit.NoteAdded || last.Reason != "ticket 12" || last.Subject != "ada" || last.Actor != "vera" {
		t.Errorf("written down is %+v", last)
	}
	customers := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: func(*gin.Context) (string, auth.Role) { return "ada", "" }})
	customers.customer("ada")
	if a := customers.stranger().say("ada", "note", "about me"); a.StatusCode != http.StatusForbidden {
		t.Errorf("a customer of the host: %d", a.StatusCode)
	}
}

// While Redis is away the page says so, and what was typed is still there.
func TestNotesOutliveAnOutage(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t, server.Client(t), handlers.Options{})
	vera := s.viewer("vera")
	s.customer("ada")
	server.Kill()
	a := vera.say("ada", "note", "calls back at 3")
	if got := a.find("#note").Text(); a.StatusCode != http.StatusServiceUnavailable || got != "calls back at 3" {
		t.Errorf("%d, the text is %q", a.StatusCode, got)
	}
	if got := a.text("#messages [role=alert]"); !strings.Contains(got, "can’t be reached") {
		t.Errorf("it says %q", got)
	}
	part := vera.say("ada", "note", "calls back at 3", "HX-Request", "true")
	if got := part.text("[hx-target='#note-said'] [role=alert]"); part.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got, "can’t be reached") {
		t.Errorf("in a page: %d, %q", part.StatusCode, got)
	}
}

// The log and home say who takes care of a customer, until that holds no longer. An agent who was too late is told.
func TestWhoIsOnIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera, willi := s.viewer("vera"), s.viewer("willi")
	ago := time.Now().Add(-10 * time.Second)
	s.customer("ada", store.Entry{Method: "POST", Path: "/pay", Code: 500, Time: ago})
	s.customer("bob", store.Entry{Method: "POST", Path: "/pay", Code: 422, Time: ago})
	order := func(want ...string) {
		t.Helper()
		if got := willi.get(base + "/").texts("#trouble td.user"); !slices.Equal(got, want) {
			t.Errorf("home lists %q, want %q", got, want)
		}
	}
	order("ada", "bob")
	take := vera.log("ada").action("I’m on it")
	vera.said("ada", take, "")
	if got := willi.log("ada").text(".handling > :first-child [role=status]"); got != "vera is on it" {
		t.Errorf("willi reads %q", got)
	}
	if got := vera.log("ada").texts(".handling > :first-child [role=status], .handling button"); !slices.Equal(got, []string{"You are on it", "Done", "Give back"}) {
		t.Errorf("vera reads %q", got)
	}
	order("bob", "ada vera is on it")
	willi.say("ada", take, "").expect(http.StatusUnprocessableEntity, "Somebody else was quicker. See above who is on it now, and decide again.")
	willi.said("ada", willi.log("ada").action("Take over"), "")
	order("bob", "ada You are on it")
	willi.said("ada", willi.log("ada").action("Done"), "")
	order("bob", "ada Done by you")
	if row := willi.get(base + "/").find("#trouble tr:last-child"); !row.HasClass("solved") {
		t.Errorf("what is done is %q", row.AttrOr("class", ""))
	}

	redistest.Eventually(t, "a new failure undoes it", func() bool { // the index writes down one in two seconds
		s.logs.Record(store.Entry{Username: "ada", Method: "POST", Path: "/pay", Code: 500})
		return willi.log("ada").text(".handling > :first-child [role=status]") == "Nobody is on it"
	})
	willi.say("ada", willi.log("ada").action("Done"), "").expect(http.StatusUnprocessableEntity,
		"Something of this customer has failed a moment ago. Look at that first. If it is solved, choose Done again in a few seconds.")
	order("ada", "bob")
	vera.said("ada", vera.log("ada").action("I’m on it"), "")
	vera.said("ada", vera.log("ada").action("Give back"), "")
	order("ada", "bob")
	var changes []string
	for _, r := range s.records() {
		if r.Action == audit.HandlingChanged {
			changes = append(changes, r.Actor+" "+r.Detail)
		}
	}
	if want := []string{"vera on-it", "willi on-it", "willi done", "vera on-it", "vera open"}; !slices.Equal(changes, want) {
		t.Errorf("written down is %q, want %q", changes, want)
	}
}

// An open live page is told of a note and of who is on it, without a reload; one that can't have its socket as well.
func TestLivePagesAreToldOfColleagues(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera, willi := s.viewer("vera"), s.viewer("willi")
	s.customer("ada")
	if page := willi.get(base + "/live?username=ada"); page.find("#colleagues[hidden]").Length() != 1 || page.find("#notes").Length() > 0 {
		t.Error("the page shows something before the look is written down")
	}
	conn, _ := willi.dial(base + "/live/socket?username=ada&page=1")
	program, _ := s.stranger().dial(base+"/live/socket?username=ada&format=json", "Authorization", "Bearer "+s.token("vera"), "Origin", "")
	frameWith(t, conn, "Nobody is on it")
	vera.said("ada", "note", "calls back at 3")
	frame := frameWith(t, conn, "calls back at 3")
	if !strings.Contains(frame, `hx-target="#colleagues" hx-swap="outerMorph"`) || strings.Contains(frame, "delete") {
		t.Errorf("willi is told %s", frame)
	}
	vera.said("ada", vera.log("ada").action("I’m on it"), "")
	frameWith(t, conn, "is on it</span>")
	frameWith(t, conn, "Also looking now:") // vera has opened the log
	if poll := willi.get(base+"/live?username=ada&after=none", "HX-Request", "true"); !strings.Contains(poll.body, "calls back at 3") {
		t.Errorf("without a socket: %s", poll.body)
	}
	s.record("ada", "/2")
	for {
		_, line, err := program.ReadMessage()
		if err != nil || strings.Contains(string(line), "calls back") {
			t.Fatalf("a program is told %s, %v", line, err)
		}
		if strings.Contains(string(line), `"/2"`) {
			break
		}
	}
}

// frameWith reads frames until one has a text.
func frameWith(t *testing.T, conn *websocket.Conn, text string) string {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // a connection that is closed says so when it is read
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("no frame has %q: %v", text, err)
		}
		if strings.Contains(string(frame), text) {
			return string(frame)
		}
	}
}

// Colleagues who look as well are shown, superusers too. Oneself is not, nor are programs, nor who looks at somebody else.
func TestWhoLooksAsWell(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	root, vera, willi := s.superuser(), s.viewer("vera"), s.viewer("willi")
	s.customer("ada")
	s.customer("bob")
	root.dial(base + "/live/socket?username=ada&page=1")
	token := s.token("willi")
	sees := func(b *browser, other string) func() bool {
		return func() bool { // all go on looking, or else they would be gone on a slow machine
			s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+token)
			willi.log("bob")
			vera.log("ada")
			return b.log("ada").text(".looking") == "Also looking now: "+other
		}
	}
	redistest.Eventually(t, "vera sees the superuser", sees(vera, "root"))
	redistest.Eventually(t, "the superuser sees vera", sees(root, "vera"))
	if got := willi.log("bob").text(".looking"); got != "" {
		t.Errorf("willi sees %q", got)
	}
}

// Where Redis does not say who looks as well, the log says that, beside the notes, until Redis does.
func TestWhoLooksAsWellIsLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{})
	root, vera := s.superuser(), s.viewer("vera")
	s.customer("ada")
	vera.said("ada", "note", "calls back at 3")
	redis.Permit("-zrevrangebyscore")
	page := root.log("ada")
	if got := page.texts(".looking, #notes .newest"); !slices.Equal(got, []string{"Who else is looking can’t be shown now.", "vera: calls back at 3"}) {
		t.Errorf("the log says %q", got)
	}
	redis.Permit("+zrevrangebyscore")
	redistest.Eventually(t, "an open page is told that it is known", func() bool {
		a := root.get(base+"/static?username=ada", "HX-Request", "true", "If-None-Match", page.Header.Get("ETag"))
		return a.StatusCode == http.StatusOK && !strings.Contains(a.body, "can’t be shown now")
	})
}

// Programs read notes with the log, and who takes care.
func TestProgramsReadNotes(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera := s.viewer("vera")
	s.customer("ada")
	token := s.token("vera")
	read := func() (answer struct {
		Notes    []struct{ By, Text string }
		Handling *struct{ State, By string }
		Lost     bool `json:"notes_lost"`
	}, body string,
	) {
		t.Helper()
		a := s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+token)
		if err := json.Unmarshal([]byte(a.body), &answer); err != nil {
			t.Fatal(err)
		}
		return answer, a.body
	}
	if got, body := read(); got.Notes != nil || got.Handling != nil || strings.Contains(body, "looking") {
		t.Errorf("nothing is noted: %s", body)
	}
	vera.said("ada", "note", "calls back\nat 3")
	vera.said("ada", vera.log("ada").action("Done"), "")
	if got, body := read(); len(got.Notes) != 1 || got.Notes[0].By != "vera" || got.Notes[0].Text != "calls back\nat 3" || got.Handling == nil || got.Handling.State != "done" {
		t.Errorf("noted is %s", body)
	}
	if a := s.stranger().post(base+"/team", form("username", "ada", "do", "note", "note", "x"), "Authorization", "Bearer "+token); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a program writes: %d", a.StatusCode)
	}
}

// Notes are kept for as long as the site remembers the customer, also of one whose log has expired.
func TestNotesLiveAsLongAsTheCustomerIsRemembered(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, handlers.Options{})
	vera := s.viewer("vera")
	gone := time.Now().Add(-20 * time.Hour)
	if err := client.ZAdd(t.Context(), s.logs.KeyPrefix()+"users", redis.Z{Score: float64(gone.UnixMilli()), Member: "ada"}).Err(); err != nil {
		t.Fatal(err)
	}
	vera.said("ada", "note", "was here yesterday")
	sheet := team.Keys{Prefix: s.logs.KeyPrefix()}.Sheet("ada")
	if left := client.PTTL(t.Context(), sheet).Val(); left < 3*time.Hour || left > 4*time.Hour {
		t.Errorf("it is kept for %s", left)
	}
	if got := vera.log("ada").texts("#notes .said p"); !slices.Equal(got, []string{"was here yesterday"}) {
		t.Errorf("of an expired log: %q", got)
	}
	s.customer("ada")
	other := newSite(t, client, handlers.Options{}) // has not renewed it lately
	willi := other.viewer("willi")
	willi.log("ada")
	if left := client.PTTL(t.Context(), sheet).Val(); left < 23*time.Hour {
		t.Errorf("she is back, and it is kept for %s", left)
	}
	if _, err := s.logs.DeleteLogs(t.Context()); err != nil || client.Exists(t.Context(), sheet).Val() != 0 {
		t.Errorf("the logs are deleted, and notes are left: %v", err)
	}
}

// roundTrips are the commands that were sent together and are about what is noted of users.
type roundTrips struct {
	mu   sync.Mutex
	seen []int // how many commands of each
}

func (*roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		r.count(command)
		return next(ctx, command)
	}
}

func (r *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		r.count(commands...)
		return next(ctx, commands)
	}
}

func (r *roundTrips) count(commands ...redis.Cmder) {
	n := 0
	for _, command := range commands {
		if strings.Contains(command.String(), ":team:") {
			n++
		}
	}
	if n > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = append(r.seen, n)
	}
}

// since returns what was counted since the last call.
func (r *roundTrips) since() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// A page asks Redis once about colleagues, however many users it shows.
func TestRoundTripsForColleagues(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	vera := s.viewer("vera")
	for _, username := range []string{"ada", "bob", "carol"} {
		s.customer(username)
		vera.said(username, "note", "a note")
	}
	vera.log("ada") // which renews the expiry
	trips := &roundTrips{}
	s.logs.Client().AddHook(trips)
	for path, want := range map[string][]int{"/static?username=ada": {1}, "/": {3}, "/live?username=ada": nil} {
		vera.get(base + path)
		if got := trips.since(); !slices.Equal(got, want) {
			t.Errorf("%s: commands of each round trip are %v, want %v", path, got, want)
		}
	}
}
