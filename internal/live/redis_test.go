package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// In these tests Redis is the point. What a hub does with its logs, whatever they are, needs none.

func TestFramesPutTheNewestOnTop(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, _ := onRedis(t, client)
		s.record("ada", "/1", "/2", "/3")
		w := s.watch("username", "ada")
		first := w.readFrame()
		if got := first.urls(); !slices.Equal(got, []string{"/3", "/2", "/1"}) {
			t.Errorf("the backlog is %q", got)
		}
		if first.state() != "live" || first.message() != "Logs found for ada." {
			t.Errorf("state %q, message %q", first.state(), first.message())
		}
		if got := first.Find("tr[data-id='/3']").Length(); got != 1 {
			t.Errorf("%d rows with the newest id", got)
		}
		s.record("ada", "/4")
		next := w.readFrame()
		if got := next.urls(); !slices.Equal(got, []string{"/4"}) || next.state() != "" || next.message() != "" {
			t.Errorf("then %q, state %q, message %q", got, next.state(), next.message())
		}
		if next.Find("td.user").Length() != 0 {
			t.Error("a user's page has a user column")
		}
	})
}

func TestFramesOfEveryoneNameTheUser(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, _ := onRedis(t, client)
		s.record("ada", "/1")
		w := s.watch()
		first := w.readFrame()
		if first.state() != "live" || first.message() != "" || !slices.Equal(first.urls(), []string{"/1"}) {
			t.Errorf("state %q, message %q, rows %q", first.state(), first.message(), first.urls())
		}
		s.record("b&c", "/2")
		user := w.readFrame().Find("tr > td.user a")
		if user.Text() != "b&c" || user.AttrOr("href", "") != "/base/live?username=b%26c" {
			t.Errorf("the user is %q, at %q", user.Text(), user.AttrOr("href", ""))
		}
		gap := s.watch("after", "gone").readFrame()
		if got := gap.Find("tr.gap td").AttrOr("colspan", ""); got != "5" {
			t.Errorf("the gap spans %s columns", got)
		}
	})
}

func TestJSONHasTheBacklogAndThenWhatHappens(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, _ := onRedis(t, client)
		s.record("ada", "/1", "/2", "/3")
		s.record("bob", "/bobs")
		w := s.watch("json", "1", "username", "ada")
		w.expect("entry /1", "entry /2", "entry /3")
		s.record("bob", "/bobs-too")
		s.record("ada", "/4", "/5")
		w.expect("entry /4", "entry /5")
		s.watch("json", "1", "username", "ada", "after", "/4").expect("entry /5")
		s.watch("json", "1", "username", "ada", "after", "unknown").expect("gap", "entry /1", "entry /2")
		s.watch("json", "1", "username", "ada", "after", "<script>\x00").expect("gap", "entry /1")
	})
}

func TestJSONEntriesAreOnesOfTheWireFormat(t *testing.T) {
	t.Parallel()
	s, _ := onRedis(t, redistest.Patient(t, redistest.Start(t).Client(t)))
	s.record("<b>", "/\"\u2028")
	var fields map[string]any
	if err := json.Unmarshal(s.watch("json", "1", "username", "<b>").read(), &fields); err != nil {
		t.Fatal(err)
	}
	at, _ := fields["time"].(float64)
	if fields["type"] != "entry" || fields["username"] != "<b>" || fields["path"] != "/\"\u2028" || fields["method"] != "GET" ||
		fields["code"] != 200.0 || time.UnixMicro(int64(at*1e6)).Before(time.Now().Add(-time.Hour)) {
		t.Errorf("got %v", fields)
	}
}

func TestJSONOfEveryone(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, _ := onRedis(t, client)
		s.record("ada", "/1")
		s.record("*", "/2")
		w := s.watch("json", "1")
		w.expect("entry /1", "entry /2")
		s.record("bob", "/3")
		w.expect("entry /3")
		s.record("a:b", "/4")
		if m := w.readMessage(); m.Username != "a:b" || m.ID != "/4" {
			t.Errorf("got %+v", m)
		}
	})
}

// A name that a pattern might take for others must not show their requests.
func TestAUsersSocketHasNobodyElsesRequests(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, _ := onRedis(t, client)
		everyone := s.watch("json", "1")
		for i, username := range []string{"*", "a*", "a?", "[a-z]", "{a}", "a:b", "Ünï", "log:a"} {
			s.record("a", fmt.Sprintf("/other/%d", 2*i))
			w := s.watch("json", "1", "username", username)
			s.record(username, fmt.Sprintf("/own/%d/1", i))
			w.expect(fmt.Sprintf("entry /own/%d/1", i))
			s.record("a", fmt.Sprintf("/other/%d", 2*i+1))
			s.record(username, fmt.Sprintf("/own/%d/2", i))
			w.expect(fmt.Sprintf("entry /own/%d/2", i))
			everyone.expect(fmt.Sprintf("entry /other/%d", 2*i), fmt.Sprintf("entry /own/%d/1", i),
				fmt.Sprintf("entry /other/%d", 2*i+1), fmt.Sprintf("entry /own/%d/2", i))
		}
	})
}

// One connection to Redis serves all viewers, and none is left when they are gone.
func TestViewersShareOneConnection(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	s, stored := onRedis(t, client)
	connections := func() int {
		list, err := client.ClientList(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(list, " sub=") - strings.Count(list, " sub=0")
	}
	for _, username := range []string{"ada", "ada", "bob"} {
		s.watch("username", username).readFrame()
	}
	gone := s.watch()
	gone.readFrame()
	if n := connections(); n != 1 {
		t.Fatalf("%d connections listen", n)
	}
	patterns := func() int64 { return client.PubSubNumPat(t.Context()).Val() }
	if n := patterns(); n != 1 {
		t.Fatalf("%d patterns are listened to", n)
	}
	gone.Close()
	redistest.Eventually(t, "everyone's log is no longer listened to", func() bool { return patterns() == 0 })
	channel := stored.KeyPrefix() + "log:ada"
	if channels := client.PubSubNumSub(t.Context(), channel).Val(); channels[channel] != 1 {
		t.Errorf("ada's channel: %v", channels)
	}
}

func TestRedisIsAwayAndBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s, stored := onRedis(t, redistest.Patient(t, server.Client(t)))
	s.record("ada", "/1")
	page, program := s.watch("username", "ada"), s.watch("json", "1", "username", "ada")
	page.readFrame()
	program.expect("entry /1")
	server.Kill()
	lost := page.readFrame()
	const message = "The log store can’t be reached. We keep trying. If it lasts, tell whoever runs Redis."
	if lost.state() != "store-lost" || lost.message() != message || len(lost.urls()) != 0 {
		t.Errorf("state %q, message %q, rows %q", lost.state(), lost.message(), lost.urls())
	}
	program.expect("status store-lost")
	late := s.watch("username", "ada", "after", "/1")
	if f := late.readFrame(); f.state() != "store-lost" || f.message() != message {
		t.Errorf("a page that comes meanwhile: state %q, message %q", f.state(), f.message())
	}
	s.watch("json", "1", "username", "ada").expect("status store-lost")
	for _, path := range []string{"/2", "/3"} { // they wait in the recorder
		stored.Record(newEntry("ada", path))
	}
	server.Restart()
	program.expect("status live")
	for _, w := range []*socket{page, late} {
		var urls []string
		first := w.readFrame()
		if first.state() != "live" || first.message() != "Logs found for ada." {
			t.Errorf("back: state %q, message %q", first.state(), first.message())
		}
		for f := first; ; f = w.readFrame() {
			if urls = append(f.urls(), urls...); len(urls) >= 2 {
				break
			}
		}
		if urls[0] != "/3" || urls[1] != "/2" || len(urls) != 2 {
			t.Errorf("after it was away: %q", urls)
		}
	}
	program.expect("entry /2", "entry /3")
}

// A page that comes back where the log can't be read is told so, and comes again. It does not read that nothing is wrong any more.
func TestAPageComesAgainUntilTheLogCanBeRead(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s, stored := onRedis(t, redistest.Patient(t, server.Client(t)))
	failed := newEntry("ada", "/checkout")
	failed.Code = 500
	stored.Record(failed)
	s.record("ada", "/cart")
	back := s.watch("username", "ada", "after", "/cart")
	if f := back.readFrame(); f.state() != "live" || len(f.urls()) != 0 {
		t.Fatalf("state %q, rows %q", f.state(), f.urls())
	}
	server.Permit("-lrange")
	s.record("ada", "/help")
	if f := back.readFrame(); f.state() != "store-lost" || len(f.urls()) != 0 || f.Find("#now, #newest").Length() != 0 {
		t.Errorf("unread: state %q, rows %q, now %q", f.state(), f.urls(), f.Find("#now").Text())
	}
	if code := back.closing(); code != websocket.CloseTryAgainLater {
		t.Errorf("closed with %d", code)
	}
	if f := s.polls("ada", "/cart"); f.state() != "store-lost" || f.Find("#now, #newest").Length() != 0 {
		t.Errorf("a page that asks: state %q, now %q", f.state(), f.Find("#now").Text())
	}
	server.Permit("+lrange")
	again := s.watch("username", "ada", "after", "/cart").readFrame()
	if !slices.Equal(again.urls(), []string{"/help"}) || !strings.Contains(again.Find("#now").Text(), "failed (500)") {
		t.Errorf("again: rows %q, now %q", again.urls(), again.Find("#now").Text())
	}
}
