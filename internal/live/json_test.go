package live_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestJSONHasTheBacklogAndThenWhatHappens(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.recorded("ada", "/1", "/2", "/3")
		s.recorded("bob", "/bobs")
		w := s.watch("json", "1", "username", "ada")
		w.expect("entry /1", "entry /2", "entry /3")
		s.record("bob", "/bobs-too")
		s.record("ada", "/4", "/5")
		w.expect("entry /4", "entry /5")
	})
}

func TestJSONEntriesAreOnesOfTheWireFormat(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.recorded("<b>", "/\"\u2028")
	var fields map[string]any
	if err := json.Unmarshal(s.watch("json", "1", "username", "<b>").read(), &fields); err != nil {
		t.Fatal(err)
	}
	at, _ := fields["time"].(float64)
	if fields["type"] != "entry" || fields["username"] != "<b>" || fields["path"] != "/\"\u2028" || fields["method"] != "GET" ||
		fields["code"] != 200.0 || time.Since(time.UnixMicro(int64(at*1e6))) > time.Minute {
		t.Errorf("got %v", fields)
	}
}

func TestJSONGoesOnAfter(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.recorded("ada", "/1", "/2", "/3")
		s.watch("json", "1", "username", "ada", "after", "/2").expect("entry /3")
		up := s.watch("json", "1", "username", "ada", "after", "/3")
		s.record("ada", "/4")
		up.expect("entry /4")
		s.watch("json", "1", "username", "ada", "after", "unknown").expect("gap", "entry /1", "entry /2", "entry /3", "entry /4")
		s.watch("json", "1", "username", "ada", "after", "<script>\x00").expect("gap", "entry /1")
	})
}

func TestJSONOfEveryone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.recorded("ada", "/1")
		s.recorded("*", "/2")
		w := s.watch("json", "1")
		w.expect("entry /1", "entry /2")
		s.recorded("bob", "/3")
		w.expect("entry /3")
		s.recorded("a:b", "/4")
		var m message
		if err := json.Unmarshal(w.read(), &m); err != nil || m.Username != "a:b" || m.ID != "/4" {
			t.Errorf("got %+v, %v", m, err)
		}
	})
}

// A name that a pattern might take for others must not show their requests.
func TestAUsersSocketHasNobodyElsesRequests(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		everyone := s.watch("json", "1")
		for i, username := range []string{"*", "a*", "a?", "[a-z]", "{a}", "a:b", "Ünï", "log:a"} {
			s.recorded("a", fmt.Sprintf("/other/%d", 2*i))
			w := s.watch("json", "1", "username", username)
			s.recorded(username, fmt.Sprintf("/own/%d/1", i))
			w.expect(fmt.Sprintf("entry /own/%d/1", i))
			s.recorded("a", fmt.Sprintf("/other/%d", 2*i+1))
			s.recorded(username, fmt.Sprintf("/own/%d/2", i))
			w.expect(fmt.Sprintf("entry /own/%d/2", i))
			everyone.expect(fmt.Sprintf("entry /other/%d", 2*i), fmt.Sprintf("entry /own/%d/1", i),
				fmt.Sprintf("entry /other/%d", 2*i+1), fmt.Sprintf("entry /own/%d/2", i))
		}
	})
}
