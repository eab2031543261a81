package live

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-userlog/userlog/store"
)

// Whoever has a page open while few begin to be recorded is told, and is told when that ends. So is who comes back after hours, and who asks by itself.
func TestOpenPagesAreToldThatFewAreRecorded(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		var few atomic.Bool
		s.hub.options.WatchOnly = func(context.Context) bool { return few.Load() }
		words := map[string]string{"ada": "Recording of ada begins", "": "others may be missing here"}
		sockets := make(map[string]*socket)
		for username := range words {
			sockets[username] = s.watch("username", username)
			if told := sockets[username].readFrame(); told.state() != "live" || told.recorded() != "" {
				t.Errorf("watching %q: %q, %q", username, told.state(), told.recorded())
			}
		}
		for _, on := range []bool{true, false} {
			few.Store(on)
			for username, want := range words {
				told := sockets[username].readFrame().recorded()
				if on != strings.Contains(told, want) || !on && told != "" {
					t.Errorf("watching %q, of few: %t, %q", username, on, told)
				}
				if polled := s.polls(username, "").recorded(); polled != told {
					t.Errorf("watching %q without a socket, of few: %t, %q", username, on, polled)
				}
			}
		}
		for _, w := range sockets {
			w.Close()
		}
		few.Store(true)
		if told := s.watch("username", "ada").readFrame().recorded(); !strings.Contains(told, words["ada"]) {
			t.Errorf("who comes later is told %q", told)
		}
	})
}

// One master of a Cluster refuses what is written. Pages of users whose logs it has say so, those of all users as well, and no other.
func TestRefusalsOfOneMaster(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		var full atomic.Bool
		s.hub.options.Refused = func(_ context.Context, usernames []string) map[string]store.Fault {
			refused := make(map[string]store.Fault)
			for _, username := range usernames {
				if full.Load() && username != "grace" {
					refused[username] = "out-of-memory"
				}
			}
			return refused
		}
		sockets := make(map[string]*socket)
		for _, username := range []string{"ada", "grace", ""} {
			sockets[username] = s.watch("username", username)
			if told := sockets[username].readFrame(); told.state() != "live" {
				t.Errorf("watching %q: %q", username, told.state())
			}
		}
		for _, want := range []string{"store-refuses", "live"} {
			full.Store(want != "live")
			for _, username := range []string{"ada", ""} {
				if told := sockets[username].readFrame(); told.state() != want {
					t.Errorf("watching %q: %q, want %q", username, told.state(), want)
				}
			}
			if polled, other := s.polls("ada", "").state(), s.polls("grace", "").state(); (polled == "store-refuses") != full.Load() || other == "store-refuses" {
				t.Errorf("without a socket: ada %q, grace %q", polled, other)
			}
		}
		for _, w := range sockets {
			w.Close()
		}
	})
}

// recorded is what #recorded becomes, "" if it becomes empty.
func (f frame) recorded() string {
	return strings.TrimSpace(f.Find("template[hx-target='#recorded'][hx-swap=innerHTML]").Text())
}

// A program is told of Redis only.
func TestProgramsAreNotToldWhoIsRecorded(t *testing.T) {
	e := &jsonEncoder{}
	if messages, err := e.tell(conditions{watchOnly: true}); err != nil || len(messages) != 0 {
		t.Errorf("%q, %v", messages, err)
	}
	if messages, err := e.tell(conditions{fault: store.Fault("out-of-memory")}); err != nil || len(messages) != 1 || !strings.Contains(string(messages[0]), `"fault":"out-of-memory"`) {
		t.Errorf("%q, %v", messages, err)
	}
}
