package handlers_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// refusing is a way in which Redis refuses changes, and what is said of it.
type refusing struct {
	spoil, mend [][]any
	fault, says string
}

var waysToRefuse = map[string]refusing{
	"out of memory": {
		[][]any{{"config", "set", "maxmemory", "1"}},
		[][]any{{"config", "set", "maxmemory", "0"}},
		"out-of-memory", "The memory of Redis is full, so it takes nothing new. Tell whoever runs Redis: it needs a larger maxmemory, or less data.",
	},
	"a replica": {
		[][]any{{"replicaof", "127.0.0.1", "1"}},
		[][]any{{"replicaof", "no", "one"}},
		"read-only", "Redis answers, but takes no changes: it is a replica, or has lost its master. Tell whoever runs Redis: this address must lead to the master.",
	},
	"too few replicas": {
		[][]any{{"config", "set", "min-replicas-to-write", "1"}},
		[][]any{{"config", "set", "min-replicas-to-write", "0"}},
		"replicas", "Too few replicas are connected, so Redis takes nothing new. Tell whoever runs Redis: min-replicas-to-write asks for more of them.",
	},
}

// Pages, sockets and programs say what is wrong where Redis answers and refuses, and go on when it is mended.
func TestEverybodyIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	for what, way := range waysToRefuse {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			admin := server.Client(t)
			s := newSite(t, server.Client(t), handlers.Options{})
			b, token := s.superuser(), ""
			token = s.token(root)
			s.record("ada", "/1")
			b.get(base + "/static?username=ada")
			conn, _ := b.dial(base + "/live/socket?username=ada&format=json")
			readPath(t, conn)
			page, _ := b.dial(base + "/live/socket?username=ada")
			for _, command := range way.spoil {
				if err := admin.Do(t.Context(), command...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			for name, a := range map[string]*answer{
				"a new look": b.get(base + "/static?username=grace"),
				"a login":    s.stranger().logIn(base, root, password, ""),
			} {
				a.expect(http.StatusServiceUnavailable, way.says)
				if got := a.text("h1"); got != "The log store takes nothing at the moment." {
					t.Errorf("%s: the title is %q", name, got)
				}
			}
			if a := b.get(base+"/static?username=grace", "Accept-Language", "de"); !strings.Contains(a.text("#messages"), "Redis") || a.text("#messages") == way.says {
				t.Errorf("in German: %q", a.text("#messages"))
			}
			if a := s.stranger().get(base+"/api/log?username=grace", "Authorization", "Bearer "+token); a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, way.says) {
				t.Errorf("a program is told %d, %s", a.StatusCode, a.body)
			}
			refused, response := b.dial(base + "/live/socket?username=grace")
			if text, err := io.ReadAll(response.Body); refused != nil || err != nil || response.StatusCode != http.StatusServiceUnavailable || string(text) != way.says+"\n" {
				t.Errorf("a socket is told %d, %q", response.StatusCode, text)
			}
			awaitFault(t, conn, way.fault)
			awaitFrame(t, page, way.says)
			// What can be read is shown, with a warning.
			b.awaitText(base+"/", "#lists [role=alert]", way.says)
			b.awaitText(base+"/static?username=ada", "#messages [role=alert]", way.says)
			for _, page := range []string{"/", "/static?username=ada"} {
				b.awaitText(base+page, "#connection[data-state=store-refuses]", "The log store takes nothing new")
			}
			for _, command := range way.mend {
				if err := admin.Do(t.Context(), command...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			awaitFault(t, conn, "")
			awaitFrame(t, page, "Logs found for ada.")
			b.awaitText(base+"/", "#lists [role=alert]", "")
			b.awaitText(base+"/static?username=ada", "#messages", "Logs found for ada.")
		})
	}
}

// awaitText waits until a page says something.
func (b *browser) awaitText(target, selector, want string) {
	b.t.Helper()
	redistest.Eventually(b.t, target+" says "+want, func() bool {
		a := b.get(target)
		return a.StatusCode == http.StatusOK && a.text(selector) == want
	})
}

// awaitFault waits until a program is told a fault.
func awaitFault(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for {
		_, line, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("the fault %q is not told: %v", want, err)
		}
		var message struct{ Type, Fault string }
		if err := json.Unmarshal(line, &message); err != nil {
			t.Fatal(err)
		}
		if message.Type == "status" && message.Fault == want {
			return
		}
	}
}

// awaitFrame waits until a page is told something.
func awaitFrame(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("the page is not told %q: %v", want, err)
		}
		a := &answer{t: t, body: strings.NewReplacer("<hx-partial", "<div", "</hx-partial", "</div").Replace(string(frame))}
		if a.text("[hx-target='#messages']") == want {
			return
		}
	}
}

// On a Cluster, one master takes nothing new. It has nothing that the admin writes when the agent looks. Pages of the users whose logs are there
// say so, and those about all users, but none of other users.
func TestOneMasterRefuses(t *testing.T) {
	t.Parallel()
	way := waysToRefuse["out of memory"]
	cluster := redistest.StartCluster(t, 3)
	agent := func(n int) string { return fmt.Sprint("agent", n) }
	counted := func(n int) *redistest.Server {
		return cluster.Master(auth.Keys{Prefix: store.DefaultKeyPrefix}.Recorded(agent(n), string(auth.ViaHost)))
	}
	needed := []*redistest.Server{cluster.Master(store.DefaultKeyPrefix + "{audit}:ping"), cluster.Master(store.DefaultKeyPrefix + "accounts")}
	by := 0
	for !slices.Contains(needed, counted(by)) {
		by++
	}
	var there, elsewhere string
	for n := 0; there == "" || elsewhere == ""; n++ {
		username := fmt.Sprint("user", n)
		if slices.Contains(needed, cluster.Master(store.DefaultKeyPrefix+"log:"+username)) {
			elsewhere = username
		} else {
			there = username
		}
	}
	full := cluster.Master(store.DefaultKeyPrefix + "log:" + there).Client(t)
	s := newSite(t, cluster.Client(t), handlers.Options{Identify: func(*gin.Context) (string, auth.Role) { return agent(by), auth.Superuser }})
	s.record(there, "/")
	s.record(elsewhere, "/")
	b := s.stranger()
	page, _ := b.dial(base + "/live/socket?username=" + there)
	all, _ := b.dial(base + "/live/socket?format=json&everyone=1")
	for _, end := range []struct {
		commands            [][]any
		fault, frame, alert string
	}{{way.spoil, way.fault, way.says, way.says}, {way.mend, "", "Logs found for " + there + ".", ""}} {
		for _, command := range end.commands {
			if err := full.Do(t.Context(), command...).Err(); err != nil {
				t.Fatal(err)
			}
		}
		awaitFrame(t, page, end.frame)
		awaitFault(t, all, end.fault)
		b.awaitText(base+"/static?username="+there, "#messages", end.frame)
		b.awaitText(base+"/static?username="+elsewhere, "#messages", "Logs found for "+elsewhere+".")
		b.awaitText(base+"/", "#lists [role=alert]", end.alert)
	}
}
