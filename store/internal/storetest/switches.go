package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/keys"
)

var switches = []test{
	{"SwitchesChangeWhatIsRecorded", testSwitchesChangeWhatIsRecorded},
	{"RecordingIsSwitchedOffAndOn", testRecordingIsSwitchedOffAndOn},
	{"SomeOfWhatPagesFetchIsRecorded", testSomeOfWhatPagesFetchIsRecorded},
	{"SwitchesThatCannotBeReadChangeNothing", testSwitchesThatCannotBeReadChangeNothing},
	{"SwitchesOfANewerVersion", testSwitchesOfANewerVersion},
	{"SwitchesThatCannotBeSet", testSwitchesThatCannotBeSet},
	{"OnlyWhoIsWatchedIsRecorded", testOnlyWhoIsWatchedIsRecorded},
	{"PublishingIsSwitchedOffAndOn", testPublishingIsSwitchedOffAndOn},
	{"ViewersAreToldThatRecordingIsOff", testViewersAreToldThatRecordingIsOff},
}

// Switch sets switches, and waits until one application follows, which makes heartbeats meanwhile.
func Switch(t *testing.T, logs *store.Store, set store.Switches) {
	t.Helper()
	if err := logs.SetSwitches(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	now, err := logs.Switches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "the application follows", func() bool {
		logs.Announce()
		applications, err := logs.Applications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(applications) == 1 && applications[0].Switches.Equal(now.Set)
	})
}

func testSwitchesChangeWhatIsRecorded(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{})
	Switch(t, logs, store.Switches{Ignore: []string{"^/health$", "ä/"}})
	for _, path := range []string{"/health?full=1", "/%c3%a4/x", "/healthy", "/%zz", "/x?next=/health"} {
		logs.Record(store.Entry{Username: "ada", Path: path, Code: 500})
	}
	Written(t, logs)
	if got := Paths(LogOf(t, logs, "ada")); got != "x?next=/health %zz healthy" {
		t.Errorf("recorded is %s", got)
	}
	if s := logs.Stats(); s.LeftOut != 2 || s.Accepted != 3 || s.Dropped.Total() != 0 {
		t.Errorf("the stats: %+v", s)
	}
}

func testRecordingIsSwitchedOffAndOn(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{})
	Record(logs, "ada", 0, 2)
	Written(t, logs)
	Switch(t, logs, store.Switches{NoRecord: true})
	Record(logs, "ada", 2, 4)
	logs.Record(store.Entry{Username: "a\nb"})
	Switch(t, logs, store.Switches{})
	Record(logs, "ada", 4, 6)
	Written(t, logs)
	log := LogOf(t, logs, "ada")
	if got := Paths(log); got != "5 4 1 0" || log[1].Gap != nil {
		t.Errorf("recorded is %s, with the gap %v", got, log[1].Gap)
	}
	if s := logs.Stats(); s.LeftOut != 3 || s.Accepted != 4 || s.Dropped.Total() != 0 {
		t.Errorf("the stats: %+v", s)
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func testSomeOfWhatPagesFetchIsRecorded(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: 10})
	Switch(t, logs, store.Switches{Sample: 10})
	const polls = 2000
	for n := range polls {
		poll := Entry("ada", n%2) // of two that take turns, both are recorded
		poll.Kind = store.KindFetch
		logs.Record(poll)
	}
	if s := logs.Stats(); s.Accepted < 100 || s.Accepted > 320 || s.Accepted+s.LeftOut != polls {
		t.Errorf("the stats: %+v", s)
	}
	before := logs.Stats().LeftOut
	for range 50 {
		for _, e := range []store.Entry{
			{Kind: store.KindPage},
			{Kind: store.KindDownload},
			{},
			{Kind: store.KindFetch, Method: "POST"},
			{Kind: store.KindAsset, Code: 404},
			{Kind: store.KindBeacon, Problem: "no"},
			{Kind: store.KindFetch, Ended: store.EndBrokeOff},
		} {
			e.Username = "bob"
			logs.Record(e)
		}
	}
	if s := logs.Stats(); s.LeftOut != before {
		t.Errorf("%d of what counts is left out", s.LeftOut-before)
	}
}

func testSwitchesThatCannotBeReadChangeNothing(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	Switch(t, logs, store.Switches{NoRecord: true})
	key := Keys(logs).Switches()
	for what, set := range map[string]func(context.Context, redis.Cmdable){
		"garbage":    func(ctx context.Context, tx redis.Cmdable) { tx.Set(ctx, key, "off", 0) },
		"a megabyte": func(ctx context.Context, tx redis.Cmdable) { tx.Set(ctx, key, "{}"+strings.Repeat(" ", 1<<20), 0) },
		"too many patterns": func(ctx context.Context, tx redis.Cmdable) {
			tx.Set(ctx, key, `{"ignore":["a"`+strings.Repeat(`,"a"`, 9_999)+`]}`, 0)
		},
		"a wrong pattern":     func(ctx context.Context, tx redis.Cmdable) { tx.Set(ctx, key, `{"ignore":["("]}`, 0) },
		"a text for a number": func(ctx context.Context, tx redis.Cmdable) { tx.Set(ctx, key, `{"sample":"ten"}`, 0) },
		"a list":              func(ctx context.Context, tx redis.Cmdable) { tx.LPush(ctx, key, "x") },
	} {
		// At no moment is there no key, which a heartbeat on its way would read as no switch.
		if _, err := client.TxPipelined(t.Context(), func(tx redis.Pipeliner) error {
			tx.Del(t.Context(), key)
			set(t.Context(), tx)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		rereads(t, logs)
		before := logs.Stats().LeftOut
		Record(logs, "ada", 0, 1)
		if s := logs.Stats(); s.LeftOut != before+1 || s.Accepted != 0 {
			t.Errorf("%s is obeyed: %+v", what, s)
		}
		if _, err := logs.Switches(t.Context()); err == nil || what != "a list" && !errors.Is(err, store.ErrSwitches) {
			t.Errorf("%s is read as switches: %v", what, err)
		}
		if err := logs.SetSwitches(t.Context(), store.Switches{NoRecord: true}); (err != nil) != (what == "a list") {
			t.Errorf("%s is put right: %v", what, err)
		}
	}
}

// rereads waits until the application has read the switches that are there now. It waits for two reports: the first one may have read them
// before.
func rereads(t *testing.T, logs *store.Store) {
	t.Helper()
	beats := func() time.Duration {
		applications, err := logs.Applications(t.Context())
		if err != nil || len(applications) != 1 {
			t.Fatalf("%+v, %v", applications, err)
		}
		return applications[0].Age
	}
	client, key := logs.Client(), Keys(logs)
	id := client.SMembers(t.Context(), key.Applications()).Val()[0]
	for range 2 {
		if err := client.PExpire(t.Context(), key.Application(id), 50*time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, "the application reports itself", func() bool {
			logs.Announce()
			return beats() < time.Minute
		})
	}
}

func testSwitchesOfANewerVersion(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	Switch(t, logs, store.Switches{})
	if err := client.Set(t.Context(), Keys(logs).Switches(), `{"no_record":true,"newer":{"x":[1]}}`, 0).Err(); err != nil {
		t.Fatal(err)
	}
	rereads(t, logs)
	Record(logs, "ada", 0, 1)
	if s := logs.Stats(); s.LeftOut != 1 {
		t.Errorf("what is known of it is not obeyed: %+v", s)
	}
}

func testSwitchesThatCannotBeSet(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{})
	if set, err := logs.Switches(t.Context()); err != nil || !set.Set.IsZero() {
		t.Errorf("before any are set: %+v, %v", set, err)
	}
	for _, c := range []struct {
		set  store.Switches
		want error
		says string
	}{
		{store.Switches{Sample: -1}, store.ErrSample, "-1"},
		{store.Switches{Sample: store.MaxSample + 1}, store.ErrSample, "10001"},
		{store.Switches{Ignore: make([]string, 10_000)}, store.ErrIgnore, "10000 patterns"},
		{store.Switches{Ignore: []string{""}}, store.ErrIgnore, "it is empty"},
		{store.Switches{Ignore: []string{"a\nb"}}, store.ErrIgnore, "can't be seen"},
		{store.Switches{Ignore: []string{"\xff"}}, store.ErrIgnore, "can't be seen"},
		{store.Switches{Ignore: []string{"("}}, store.ErrIgnore, `"("`},
		{store.Switches{Ignore: []string{strings.Repeat("a", 1<<20)}}, store.ErrIgnore, "1048576 bytes together"},
		{store.Switches{Ignore: []string{"x{900}", "y{900}", "z{900}"}}, store.ErrIgnore, `"z{900}"`},
	} {
		err := logs.SetSwitches(t.Context(), c.set)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 300 {
			t.Errorf("got %.300v", err)
		}
	}
	many := store.Switches{Sample: store.MaxSample, Ignore: make([]string, store.MaxIgnore)}
	for i := range many.Ignore {
		many.Ignore[i] = strings.Repeat("<", store.MaxIgnoreBytes/store.MaxIgnore)
	}
	if err := logs.SetSwitches(t.Context(), many); err != nil {
		t.Error(err)
	}
	if set, err := logs.Switches(t.Context()); err != nil || len(set.Ignore) != store.MaxIgnore {
		t.Errorf("set are %+v, %v", set, err)
	}
}

func testOnlyWhoIsWatchedIsRecorded(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	key := Keys(logs).Watched()
	Switch(t, logs, store.Switches{WatchOnly: true})
	Record(logs, "ada", 0, 1)
	if err := logs.Watched(t.Context(), "ada", "a\nb"); err != nil {
		t.Fatal(err)
	}
	rereads(t, logs)
	Record(logs, "ada", 1, 2)
	Record(logs, "bob", 1, 2)
	client.ZAdd(t.Context(), key, redis.Z{Score: 1, Member: "ada"}) // long ago
	rereads(t, logs)
	Record(logs, "ada", 2, 3)
	Switch(t, logs, store.Switches{})
	Record(logs, "ada", 3, 4)
	Written(t, logs)
	if got := Paths(LogOf(t, logs, "ada")); got != "3 1" || len(LogOf(t, logs, "bob")) != 0 {
		t.Errorf("recorded of ada is %q, and of bob %d", got, len(LogOf(t, logs, "bob")))
	}
	if s := logs.Stats(); s.LeftOut != 3 {
		t.Errorf("the stats: %+v", s)
	}
	many := make([]string, store.MaxWatched+10)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	if err := logs.Watched(t.Context(), many...); err != nil || client.ZCard(t.Context(), key).Val() != store.MaxWatched {
		t.Errorf("%d are noted, %v", client.ZCard(t.Context(), key).Val(), err)
	}
	if left := client.PTTL(t.Context(), key).Val(); left <= 0 || left > store.WatchedFor {
		t.Errorf("it expires in %s", left)
	}
	client.Del(t.Context(), key)
	client.Set(t.Context(), key, "x", 0)
	if err := logs.Watched(t.Context(), "ada"); err == nil {
		t.Error("somebody's text was taken for the users")
	}
	Switch(t, logs, store.Switches{WatchOnly: true}) // and nobody is watched
	Record(logs, "ada", 4, 5)
	if s := logs.Stats(); s.LeftOut != 4 {
		t.Errorf("somebody's text: %+v", s)
	}
}

// While publishing is switched off, viewers get what is in lists: at once, or with the next look at what applications have said of themselves.
func testPublishingIsSwitchedOffAndOn(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	heard := subscribed(t, client, Keys(logs).LogChannel("ada"))
	Switch(t, logs, store.Switches{NoPublish: true})
	Record(logs, "ada", 0, 1)
	Written(t, logs)
	v := Watch(t, logs, "ada", "")
	v.Live(1)
	Record(logs, "ada", 1, 2)
	v.Live(2)
	v.Until(func() bool { return v.State == store.Unpublished })
	Record(logs, "ada", 2, 3)
	Written(t, logs)
	byAnother(t, client, Keys(logs), Entry("ada", 3))
	v.Live(4)
	Switch(t, logs, store.Switches{})
	Record(logs, "ada", 4, 5)
	v.Live(5)
	v.Shows("0 1 2 3 4")
	for _, path := range []string{"/3", "/4"} {
		if m := <-heard; !strings.Contains(m.Payload, path) {
			t.Errorf("published is %v", m)
		}
	}
}

// byAnother records an entry as an application does that knows of no switches.
func byAnother(t *testing.T, client *redis.Client, names keys.Keys, e store.Entry) {
	t.Helper()
	e.ID, e.Time = "another", time.Now()
	line, err := json.Marshal(e)
	if err == nil {
		err = client.LPush(t.Context(), names.Log(e.Username), line).Err()
	}
	if err == nil {
		err = client.Publish(t.Context(), names.LogChannel(e.Username), line).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An entry of an application that does not follow is shown, and does not make viewers believe that all is well.
func testViewersAreToldThatRecordingIsOff(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	v := Watch(t, logs, "ada", "")
	v.Live(0)
	Switch(t, logs, store.Switches{NoRecord: true})
	v.Until(func() bool { return v.State == store.Off })
	byAnother(t, client, Keys(logs), Entry("ada", 0))
	v.Until(func() bool { return len(v.Entries) == 1 })
	for _, of := range []*View{v, Watch(t, logs, "ada", ""), Watch(t, logs, "", "")} {
		if of != v {
			of.Next()
		}
		if of.State != store.Off {
			t.Errorf("the state is %v", of.State)
		}
	}
	Switch(t, logs, store.Switches{})
	v.Live(1)
	Record(logs, "ada", 1, 2)
	v.Live(2)
	v.Shows("0 1")
}

// subscribed hears a channel. Messages are read at once, since the embedded store waits for those who do not read.
func subscribed(t *testing.T, client *redis.Client, channel string) <-chan *redis.Message {
	t.Helper()
	p := client.Subscribe(t.Context(), channel)
	t.Cleanup(func() { p.Close() })
	if _, err := p.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p.Channel()
}
