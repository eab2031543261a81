package store_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// All writers of a Cluster follow the switches, wherever their key is.
func TestSwitchesOnACluster(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t, 3).Client(t)
	logs := storetest.Open(t, client, store.Options{})
	names := storetest.Keys(logs)
	heard := client.SSubscribe(t.Context(), names.SlotChannel(names.Slot("ada")))
	defer heard.Close()
	if _, err := heard.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := storetest.Watch(t, logs, "", "")
	all.Live(0)
	storetest.Switch(t, logs, store.Switches{NoRecord: true})
	users := []string{"ada", "bob", "eve", "grace"}
	for _, username := range users {
		storetest.Record(logs, username, 0, 1)
	}
	storetest.Switch(t, logs, store.Switches{NoPublish: true, Ignore: []string{"^/1$"}})
	for _, username := range users {
		storetest.Record(logs, username, 1, 3)
	}
	storetest.Written(t, logs)
	for _, username := range users {
		if got := storetest.Paths(storetest.LogOf(t, logs, username)); got != "2" {
			t.Errorf("recorded of %s is %q", username, got)
		}
	}
	all.Live(len(users)) // from lists
	storetest.Switch(t, logs, store.Switches{})
	storetest.Record(logs, "ada", 3, 4)
	if m, err := heard.ReceiveMessage(t.Context()); err != nil || !strings.Contains(m.Payload, "/3") {
		t.Errorf("published first is %v, %v", m, err)
	}
	storetest.Written(t, logs)
	if s := logs.Stats(); s.LeftOut != 8 || s.Accepted != 5 {
		t.Errorf("the stats: %+v", s)
	}
	if err := logs.Watched(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	storetest.Switch(t, logs, store.Switches{WatchOnly: true})
	storetest.Record(logs, "ada", 4, 5)
	storetest.Record(logs, "bob", 4, 5)
	if s := logs.Stats(); s.LeftOut != 9 || s.Accepted != 6 {
		t.Errorf("the stats where only bob is watched: %+v", s)
	}
}

// An application records nothing that the switches leave out, also not what it does before it has read them.
func TestNothingIsWrittenBeforeTheSwitchesAreRead(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) (client redis.UniversalClient, pause, resume func()){
		"one Redis": func(t *testing.T) (redis.UniversalClient, func(), func()) {
			server := redistest.Start(t)
			return server.Client(t), server.Pause, server.Resume
		},
		"a Cluster": func(t *testing.T) (redis.UniversalClient, func(), func()) {
			cluster := redistest.StartCluster(t, 3)
			master := cluster.Master("userlog:switches")
			cluster.Replica(master).Kill()
			return cluster.Client(t), master.Pause, master.Resume
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, pause, resume := start(t)
			admin := storetest.Open(t, client, store.Options{})
			if err := admin.SetSwitches(t.Context(), store.Switches{Ignore: []string{"^/private$"}}); err != nil {
				t.Fatal(err)
			}
			for _, away := range []bool{false, true} {
				if away {
					pause()
				}
				application := storetest.Open(t, client, store.Options{})
				for _, username := range []string{"ada", "bob", "eve"} {
					application.Record(store.Entry{Username: username, Path: "/private"})
					application.Record(store.Entry{Username: username, Path: "/"})
				}
				if away {
					redistest.Eventually(t, "the application has noticed it", func() bool { return !application.Stats().Connected })
					resume()
				}
				storetest.Written(t, application)
				if s := application.Stats(); s.Accepted != 3 || s.Written+s.Indeterminate != 3 || s.LeftOut != 3 {
					t.Errorf("away: %v, the stats: %+v", away, s)
				}
				for _, username := range []string{"ada", "bob", "eve"} {
					if paths := storetest.Paths(storetest.LogOf(t, admin, username)); strings.Contains(paths, "private") {
						t.Errorf("away: %v, the log of %s has %s", away, username, paths)
					}
				}
			}
		})
	}
}

// startWithoutRecording tests an application that starts while recording is off, on one Redis and on a Cluster.
func startWithoutRecording(t *testing.T, test func(t *testing.T, admin, application *store.Store)) {
	for name, client := range map[string]redis.UniversalClient{
		"one Redis": redistest.Patient(t, redistest.Start(t).Client(t)), "a Cluster": redistest.StartCluster(t, 3).Client(t),
	} {
		t.Run(name, func(t *testing.T) {
			admin := storetest.Open(t, client, store.Options{})
			if err := admin.SetSwitches(t.Context(), store.Switches{NoRecord: true}); err != nil {
				t.Fatal(err)
			}
			test(t, admin, storetest.Open(t, client, store.Options{}))
		})
	}
}

// With recording off, an application that ends at once has nothing left to write.
func TestAnApplicationEndsWhoseEntriesAreAllLeftOut(t *testing.T) {
	t.Parallel()
	startWithoutRecording(t, func(t *testing.T, _, application *store.Store) {
		storetest.Record(application, "ada", 0, 400) // more than a batch
		if err := application.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if s := application.Stats(); s.Accepted != 0 || s.LeftOut != 400 || s.Queued != 0 {
			t.Errorf("the stats: %+v", s)
		}
	})
}

// An application whose user of Redis may not read the switches records as before, and says once why it does not follow them.
func TestSwitchesThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	root := server.Client(t)
	if err := root.Do(t.Context(), "acl", "setuser", "old", "on", ">secret", "~*", "&*", "+@all", "-getrange").Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: root.Options().Addr, Username: "old", Password: "secret"})
	t.Cleanup(func() { client.Close() })
	if err := storetest.Open(t, root, store.Options{}).SetSwitches(t.Context(), store.Switches{NoRecord: true}); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	logs := storetest.Open(t, client, store.Options{Logger: slog.New(slog.NewTextHandler(&said, nil))})
	for n := range 3 {
		logs.Announce()
		storetest.Record(logs, "ada", n, n+1)
		storetest.Written(t, logs)
	}
	found := storetest.Reporting(t, logs, 1)
	if err := logs.Close(t.Context()); err != nil { // nobody logs any more
		t.Fatal(err)
	}
	if s := logs.Stats(); s.Written != 3 || s.LeftOut != 0 || !found[0].Switches.IsZero() {
		t.Errorf("the stats: %+v, following those of %s", s, found[0].Switches)
	}
	if lines := said.String(); strings.Count(lines, "the switches can't be read") != 1 || !strings.Contains(lines, "userlog:switches") {
		t.Errorf("it says %s", lines)
	}
}

// Recording that was off when an application started is on again without a restart, also where nothing but its entries starts its reports.
func TestRecordingIsSwitchedOnAfterAStartWithoutIt(t *testing.T) {
	t.Parallel()
	startWithoutRecording(t, func(t *testing.T, admin, application *store.Store) {
		storetest.Record(application, "ada", 0, 1)
		if found := storetest.Reporting(t, application, 1); found[0].Switches.IsZero() {
			t.Error("it follows no switches")
		}
		storetest.Switch(t, application, store.Switches{})
		storetest.Record(application, "ada", 1, 2)
		storetest.Written(t, application)
		if got := storetest.Paths(storetest.LogOf(t, admin, "ada")); got != "1" {
			t.Errorf("recorded is %q", got)
		}
	})
}

// What an application has lost before it has read that recording is off is told in no log.
func TestLossesBeforeTheSwitchesAreReadAreNotTold(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	admin := storetest.Open(t, client, store.Options{})
	if err := admin.SetSwitches(t.Context(), store.Switches{NoRecord: true}); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	application := storetest.Open(t, client, store.Options{QueueSize: 4})
	storetest.Record(application, "ada", 0, 20)
	server.Resume()
	storetest.Written(t, application)
	if err := application.Close(t.Context()); err != nil { // which writes markers
		t.Fatal(err)
	}
	if keys := client.Keys(t.Context(), "*ada*").Val(); len(keys) > 0 {
		t.Errorf("there are %q", keys)
	}
	if s := application.Stats(); s.LeftOut == 0 || s.Written > 0 || s.Dropped.Total() == 0 {
		t.Errorf("the stats: %+v", s)
	}
}
