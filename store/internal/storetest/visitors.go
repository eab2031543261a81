package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

var visitors = []test{
	{"AVisitorIsInNoList", testAVisitorIsInNoList},
	{"AVisitorWhoLogsIn", func(t *testing.T, connect Connect) { JoinsAVisitor(t, Open(t, connect(t), store.Options{})) }},
	{"OnlyTheSameVisitIsJoined", testOnlyTheSameVisitIsJoined},
	{"AVisitorIsJoinedOnce", testAVisitorIsJoinedOnce},
	{"TheLogOfAJoinedUserIsBounded", testTheLogOfAJoinedUserIsBounded},
	{"RequestsWaitForAJoin", testRequestsWaitForAJoin},
	{"SwitchedOffNothingIsJoined", testSwitchedOffNothingIsJoined},
	{"OfASampleBothLogsTellTheSame", testOfASampleBothLogsTellTheSame},
	{"ASupportCodeOpensOneLog", func(t *testing.T, connect Connect) { GivesSupportCodes(t, Open(t, connect(t), store.Options{})) }},
	{"ASupportCodeExpires", testASupportCodeExpires},
	{"AUsedSupportCodeGoesWithItsVisitor", testAUsedSupportCodeGoesWithItsVisitor},
	{"AForeignKeyIsNoSupportCode", testAForeignKeyIsNoSupportCode},
}

// login is the request by which somebody logs in.
func login(username string) store.Entry {
	return store.Entry{Username: username, Method: "POST", Path: "/login", Code: 303, Kind: store.KindPage, Location: "/"}
}

// lines are a log's entries as text, the oldest first: their paths, with "*" for what a visitor did, and "=name" for as whom she went on.
func lines(t *testing.T, logs *store.Store, username string) string {
	t.Helper()
	log, err := logs.Log(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(log.Entries))
	for i, e := range log.Entries {
		text := strings.TrimPrefix(e.Path, "/")
		if e.Visitor != "" {
			text += "*"
		}
		if e.Became != "" {
			text += "=" + e.Became
		}
		all[len(all)-1-i] = text
	}
	return strings.Join(all, " ")
}

// shows waits until a log is as wanted.
func shows(t *testing.T, logs *store.Store, username, want string) {
	t.Helper()
	got := ""
	defer func() {
		if got != want {
			t.Logf("the log of %s is %q, want %q", username, got, want)
		}
	}()
	redistest.Eventually(t, "the log of "+username+" is as wanted", func() bool {
		got = lines(t, logs, username)
		return got == want
	})
}

func testAVisitorIsInNoList(t *testing.T, connect Connect) {
	client := connect(t)
	logs, viewer := Open(t, client, store.Options{}), Open(t, client, store.Options{})
	visitor := store.VisitorName("secret")
	everyone, hers := Watch(t, viewer, "", ""), Watch(t, viewer, visitor, "")
	everyone.Live(0)
	hers.Live(0)
	failed := Entry(visitor, 1)
	failed.Code = 500
	logs.Record(failed)
	Record(logs, "ada", 2, 3)
	hers.Live(1)
	hers.Shows("1")
	everyone.Live(1)
	everyone.Shows("2")
	Written(t, logs)
	redistest.Eventually(t, "ada is in the index", func() bool {
		seen, err := logs.LastSeen(t.Context(), 10)
		return err == nil && len(seen) == 1 && seen[0].Username == "ada"
	})
	if found, err := logs.Search(t.Context(), visitor, 10); err != nil || len(found.Users) != 0 {
		t.Errorf("found: %v, %v", found, err)
	}
	if troubled, err := logs.InTrouble(t.Context(), 10); err != nil || len(troubled) != 0 {
		t.Errorf("in trouble: %v, %v", troubled, err)
	}
	if left := client.PTTL(t.Context(), Keys(logs).Log(visitor)).Val(); left <= 0 || left > store.DefaultRetention {
		t.Errorf("the log expires in %s", left)
	}
	if n, err := logs.DeleteLogs(t.Context()); err != nil || n == 0 || lines(t, logs, visitor) != "" {
		t.Errorf("%d keys are deleted, and the log is %q: %v", n, lines(t, logs, visitor), err)
	}
}

// JoinsAVisitor checks what becomes of a visitor who logs in: both logs tell it, on pages and for who watches.
func JoinsAVisitor(t *testing.T, logs *store.Store) {
	t.Helper()
	visitor := store.VisitorName("hers")
	Record(logs, "ada", 1, 3)
	Written(t, logs)
	user, guest := Watch(t, logs, "ada", ""), Watch(t, logs, visitor, "")
	user.Live(2)
	guest.Live(0)
	for n := 3; n < 6; n++ {
		e := Entry(visitor, n)
		e.Reference, e.Application = store.NewReference(), "shop"
		logs.Record(e)
	}
	guest.Live(3)
	logs.Join(visitor, login("ada"))
	Record(logs, "ada", 6, 8)
	shows(t, logs, "ada", "1 2 3* 4* 5* login 6 7")
	shows(t, logs, visitor, "3 4 5 login=ada")
	user.Live(8)
	user.Shows("1 2 3 4 5 login 6 7")
	guest.Live(4)
	guest.Shows("3 4 5 login")
	for i := 2; i < 5; i++ {
		joined, before := user.Entries[i], guest.Entries[i-2]
		if joined.ID != before.ID || !joined.Time.Equal(before.Time) || joined.Application != "shop" || joined.Visitor != visitor || joined.Username != "ada" || joined.Reference != "" {
			t.Errorf("joined is %+v, which was %+v", joined, before)
		}
	}
	if !logs.IsJoined(visitor) || logs.IsJoined(store.VisitorName("another")) {
		t.Error("it is not known who has logged in")
	}
}

// A browser that somebody else used an hour ago tells nothing of who logs in now.
func testOnlyTheSameVisitIsJoined(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{})
	visitor := store.VisitorName("shared")
	for n, ago := range []time.Duration{90 * time.Minute, 61 * time.Minute, 29 * time.Minute, time.Minute} {
		logs.Record(EntryAt(visitor, n, -ago))
	}
	logs.Join(visitor, login("ada"))
	shows(t, logs, "ada", "2* 3* login")
}

// A user who comes second with the same cookie inherits nothing, in this process and in others.
func testAVisitorIsJoinedOnce(t *testing.T, connect Connect) {
	client := connect(t)
	logs, other := Open(t, client, store.Options{}), Open(t, client, store.Options{})
	visitor := store.VisitorName("stolen")
	Record(logs, visitor, 1, 2)
	logs.Join(visitor, login("ada"))
	shows(t, logs, "ada", "1* login")
	logs.Join(visitor, login("ada"))
	logs.Join(visitor, login("bob"))
	Record(other, visitor, 2, 3) // by a process that has not seen the login
	other.Join(visitor, login("carl"))
	for _, username := range []string{"bob", "carl"} {
		shows(t, logs, username, "login")
	}
	shows(t, logs, "ada", "1* login login")
	logs.Join("ada", login("dora")) // who is no visitor
	logs.Join(visitor, login(store.VisitorName("another")))
	shows(t, logs, "dora", "login")
	if left := client.PTTL(t.Context(), Keys(logs).Joined(visitor)).Val(); left <= 0 || left > store.DefaultRetention {
		t.Errorf("it is remembered for %s", left)
	}
}

func testTheLogOfAJoinedUserIsBounded(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: 5})
	visitor := store.VisitorName("busy")
	Record(logs, "ada", 0, 5)
	Record(logs, visitor, 5, 25)
	logs.Join(visitor, login("ada"))
	shows(t, logs, "ada", "21* 22* 23* 24* login")
	if n := client.LLen(t.Context(), Keys(logs).Log("ada")).Val(); n != 5 {
		t.Errorf("the list has %d lines", n)
	}
}

// However many requests come meanwhile, of however many users at once: none is lost, and all are in order.
func testRequestsWaitForAJoin(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: 500})
	const users = 120 // more than are joined at once
	for n := range users {
		visitor, username := store.VisitorName(fmt.Sprint(n)), fmt.Sprintf("user%d", n)
		Record(logs, visitor, 1, 2)
		logs.Join(visitor, login(username))
		Record(logs, username, 2, 4)
	}
	for n := range users {
		username := fmt.Sprintf("user%d", n)
		redistest.Eventually(t, "all of "+username+" is there", func() bool {
			got := lines(t, logs, username)
			return got == "1* login 2 3" || got == "login* 2 3" // of which one leads to the other log
		})
	}
}

func testSwitchedOffNothingIsJoined(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{})
	visitor := store.VisitorName("off")
	Record(logs, visitor, 1, 2)
	Written(t, logs)
	if err := logs.SetSwitches(t.Context(), store.Switches{NoRecord: true}); err != nil {
		t.Fatal(err)
	}
	logs.Announce()
	redistest.Eventually(t, "recording is off", func() bool {
		before := logs.Stats().LeftOut
		Record(logs, "bob", 1, 2)
		return logs.Stats().LeftOut > before
	})
	left := logs.Stats().LeftOut
	logs.Join(visitor, login("ada"))
	redistest.Eventually(t, "the login is left out", func() bool { return logs.Stats().LeftOut > left })
	shows(t, logs, "ada", "")
}

// A request by which somebody turns out to be logged in, and of which a sample is recorded, is in both logs or in none.
func testOfASampleBothLogsTellTheSame(t *testing.T, connect Connect) {
	client := connect(t)
	logs, reader := Open(t, client, store.Options{}), Open(t, client, store.Options{})
	Switch(t, logs, store.Switches{Sample: 2})
	const users = 60
	for n := range users {
		logs.Join(store.VisitorName(fmt.Sprint(n)), store.Entry{Username: fmt.Sprint("user", n), Path: "/poll", Method: "GET", Code: 200, Kind: store.KindFetch})
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorded := 0
	for n := range users {
		username := fmt.Sprint("user", n)
		hers, became := lines(t, reader, username), lines(t, reader, store.VisitorName(fmt.Sprint(n)))
		if (hers != "") != (became == "poll="+username) {
			t.Errorf("the log of %s is %q, and that of the visitor %q", username, hers, became)
		}
		if hers != "" {
			recorded++
		}
	}
	if left := logs.Stats().LeftOut; recorded == 0 || left == 0 || recorded+int(left) != users {
		t.Errorf("of %d, %d are recorded and %d left out", users, recorded, left)
	}
}

// GivesSupportCodes checks the way of a code, from the customer to the agent and back.
func GivesSupportCodes(t *testing.T, logs *store.Store) {
	t.Helper()
	ctx, visitor := t.Context(), store.VisitorName("in need")
	first, err := logs.SupportCode(ctx, visitor, false)
	if _, ok := store.ParseSupportCode(first.Code); err != nil || !ok || first.Agent != "" || first.Word != "" {
		t.Fatalf("the code is %+v, %v", first, err)
	}
	if again, err := logs.SupportCode(ctx, visitor, false); err != nil || again != first {
		t.Errorf("asked again, it is %+v, %v", again, err)
	}
	if hers, err := logs.SupportCode(ctx, "ada", false); err != nil || hers.Code == first.Code {
		t.Errorf("ada's is %+v, %v", hers, err)
	}
	if whose, err := logs.SupportOwner(ctx, first.Code[:3]+" "+first.Code[3:]); err != nil || whose != visitor {
		t.Errorf("it leads to %q, %v", whose, err)
	}
	for range 2 {
		if whose, err := logs.OpenSupport(ctx, first.Code, "vera"); err != nil || whose != visitor {
			t.Errorf("vera gets to %q, %v", whose, err)
		}
	}
	for _, typed := range []string{first.Code, first.Code[:3] + " " + first.Code[3:]} {
		if whose, err := logs.OpenSupport(ctx, typed, "victor"); !errors.Is(err, store.ErrSupportUsed) || whose != "" {
			t.Errorf("by %q victor gets to %q, %v", typed, whose, err)
		}
	}
	opened, err := logs.SupportCode(ctx, visitor, false)
	if err != nil || opened.Code != first.Code || opened.Agent != "vera" || opened.Word == "" || strings.ContainsAny(opened.Word, " \x00") {
		t.Errorf("the customer sees %+v, %v", opened, err)
	}
	if agents, err := logs.Supported(ctx, visitor); err != nil || agents != opened {
		t.Errorf("the agent sees %+v, %v", agents, err)
	}
	if left, err := logs.SupportLeft(ctx, first.Code); err != nil || left <= store.SupportCodeFor-time.Minute || left > store.SupportCodeFor {
		t.Errorf("the code that was just used holds for %s, %v", left, err)
	}
	anew, err := logs.SupportCode(ctx, visitor, true)
	if err != nil || anew.Code == first.Code || anew.Agent != "" || anew.Word != "" {
		t.Errorf("the new one is %+v, %v", anew, err)
	}
	if left, err := logs.SupportLeft(ctx, first.Code); err != nil || left != 0 {
		t.Errorf("the old one holds for %s, %v", left, err)
	}
	for _, code := range []string{first.Code, "000000x", "", strings.Repeat("1", 8<<10), "1\x003456"} {
		if whose, err := logs.OpenSupport(ctx, code, "vera"); !errors.Is(err, store.ErrSupportCode) || whose != "" {
			t.Errorf("%.20q leads to %q, %v", code, whose, err)
		}
	}
	if whose, err := logs.OpenSupport(ctx, anew.Code, "victor"); err != nil || whose != visitor {
		t.Errorf("victor gets to %q, %v", whose, err)
	}
}

func testAUsedSupportCodeGoesWithItsVisitor(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{})
	for _, c := range []struct {
		username, agent string
	}{{"ada", "vera"}, {"bob", ""}} {
		visitor := store.VisitorName("of " + c.username)
		logs.Record(Entry(visitor, 1))
		given, err := logs.SupportCode(t.Context(), visitor, false)
		if err != nil {
			t.Fatal(err)
		}
		if c.agent != "" {
			if _, err := logs.OpenSupport(t.Context(), given.Code, c.agent); err != nil {
				t.Fatal(err)
			}
		}
		before, err := logs.Supported(t.Context(), visitor)
		if err != nil || before.Agent != c.agent {
			t.Fatalf("%+v, %v", before, err)
		}
		logs.Join(visitor, login(c.username))
		shows(t, logs, c.username, "1* login")
		after, err := logs.SupportCode(t.Context(), c.username, false)
		if carried := after == before; err != nil || carried != (c.agent != "") {
			t.Errorf("before the login of %s the code is %+v, and after it %+v, %v", c.username, before, after, err)
		}
	}
	call, _ := logs.Supported(t.Context(), "ada")
	if owner, err := logs.OpenSupport(t.Context(), call.Code, "vera"); err != nil || owner != "ada" {
		t.Errorf("the code leads to %q, %v", owner, err)
	}
	if _, err := logs.OpenSupport(t.Context(), call.Code, "bob"); !errors.Is(err, store.ErrSupportUsed) {
		t.Errorf("another agent gets %v", err)
	}
}

func testASupportCodeExpires(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	code, err := logs.SupportCode(t.Context(), "ada", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logs.OpenSupport(t.Context(), code.Code, "vera"); err != nil {
		t.Fatal(err)
	}
	keys := client.Keys(t.Context(), Keys(logs).SupportPattern()).Val()
	if len(keys) != 3 {
		t.Errorf("there are %q", keys)
	}
	for _, key := range keys {
		if left := client.PTTL(t.Context(), key).Val(); left <= 0 || left > store.SupportCodeFor {
			t.Errorf("%s expires in %s", key, left)
		}
	}
	client.Del(t.Context(), Keys(logs).Support(code.Code)) // as if it had expired
	if again, err := logs.SupportCode(t.Context(), "ada", false); err != nil || again.Code == code.Code || again.Agent != "" {
		t.Errorf("then the code is %+v, %v", again, err)
	}
}

func testAForeignKeyIsNoSupportCode(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	client.SAdd(t.Context(), Keys(logs).Support("123456"), "x")
	client.Set(t.Context(), Keys(logs).Support("123457"), "a\nb", 0)
	client.SAdd(t.Context(), Keys(logs).SupportOf("ada"), "x")
	for _, code := range []string{"123456", "123457"} {
		if whose, err := logs.OpenSupport(t.Context(), code, "vera"); !errors.Is(err, store.ErrSupportCode) {
			t.Errorf("%s leads to %q, %v", code, whose, err)
		}
	}
	if supported, err := logs.Supported(t.Context(), "ada"); err != nil || supported != (store.Support{}) {
		t.Errorf("ada has %+v, %v", supported, err)
	}
	if _, err := logs.SupportCode(t.Context(), "a\nb", false); !errors.Is(err, store.ErrUsernameInvalid) {
		t.Errorf("nobody gets a code: %v", err)
	}
}
