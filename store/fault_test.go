//go:build unix

package store_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// What is wrong is told by what a real Redis says.
func TestFaultsOfARedis(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[store.Fault]func(t *testing.T, server *redistest.Server, client *redis.Client){
		"": func(*testing.T, *redistest.Server, *redis.Client) {},
		"out-of-memory": func(t *testing.T, _ *redistest.Server, client *redis.Client) {
			command(t, client, "config", "set", "maxmemory", "1")
		},
		"read-only": func(t *testing.T, _ *redistest.Server, client *redis.Client) {
			command(t, client, "replicaof", "127.0.0.1", "1")
		},
		"replicas": func(t *testing.T, _ *redistest.Server, client *redis.Client) {
			command(t, client, "config", "set", "min-replicas-to-write", "1")
		},
		"not-permitted": func(t *testing.T, _ *redistest.Server, client *redis.Client) {
			command(t, client, "acl", "setuser", "default", "-set")
		},
		"credentials": func(t *testing.T, _ *redistest.Server, client *redis.Client) {
			command(t, client, "config", "set", "requirepass", "s3cret")
		},
		"disk": func(t *testing.T, server *redistest.Server, client *redis.Client) {
			breakSaving(t, server, client)
		},
		"busy": func(t *testing.T, _ *redistest.Server, client *redis.Client) {
			command(t, client, "config", "set", "busy-reply-threshold", "1")
			go client.Eval(context.Background(), "while true do end", nil) // until the server is killed
			redistest.Eventually(t, "the script runs", func() bool {
				return redis.HasErrorPrefix(client.Get(t.Context(), "x").Err(), "BUSY")
			})
		},
		"no-cluster": nil, "unreachable": func(_ *testing.T, server *redistest.Server, _ *redis.Client) { server.Kill() },
	} {
		t.Run("fault "+string(want), func(t *testing.T) {
			t.Parallel()
			if spoil == nil {
				server := redistest.StartTCP(t)
				logs, err := store.Open("redis://"+server.Address+"?addr="+server.Address, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer logs.Close(context.Background())
				wantFault(t, logs, want)
				return
			}
			server := redistest.Start(t, "--enable-protected-configs", "yes")
			logs, err := store.Open(server.URL, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer logs.Close(context.Background())
			spoil(t, server, server.Client(t))
			wantFault(t, logs, want)
		})
	}
}

// wantFault waits for a fault: an answer may come too late on a busy machine.
func wantFault(t *testing.T, logs *store.Store, want store.Fault) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(redistest.Patience); time.Now().Before(deadline); {
		if err = logs.PingWrite(t.Context()); store.FaultOf(err) == want {
			return
		}
		if store.FaultOf(err) != "unreachable" {
			break
		}
	}
	t.Errorf("got %q of %v, want %q", store.FaultOf(err), err, want)
}

func command(t *testing.T, client *redis.Client, words ...any) {
	t.Helper()
	if err := client.Do(t.Context(), words...).Err(); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
}

// breakSaving has Redis fail to save, which it then says to all who write.
func breakSaving(t *testing.T, server *redistest.Server, client *redis.Client) {
	t.Helper()
	command(t, client, "config", "set", "save", "3600 1000000")
	command(t, client, "config", "set", "dbfilename", "folder.rdb")
	if err := os.Mkdir(filepath.Join(server.Dir, "folder.rdb"), 0o700); err != nil { // what is saved can't take its name
		t.Fatal(err)
	}
	command(t, client, "bgsave")
	redistest.Eventually(t, "saving has failed", func() bool {
		return redis.HasErrorPrefix(client.Set(t.Context(), "x", "x", 0).Err(), "MISCONF")
	})
}

func TestFaultOfErrors(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]store.Fault{
		nil:                                      "",
		errors.New("no error of Redis"):          "",
		redis.Nil:                                "",
		context.Canceled:                         "",
		context.DeadlineExceeded:                 "unreachable",
		io.EOF:                                   "unreachable",
		fmt.Errorf("append: %w", io.EOF):         "unreachable",
		reply("LOADING Redis is loading"):        "loading",
		reply("CLUSTERDOWN The cluster is down"): "cluster-down",
		reply("MASTERDOWN Link with MASTER is down"): "read-only",
		reply("MOVED 1 127.0.0.1:1"):                 "cluster",
		reply("WRONGTYPE Operation against"):         "refused",
		reply("NOSCRIPT No matching script"):         "",
		redis.TxFailedErr:                            "",
		io.ErrUnexpectedEOF:                          "unreachable",
		fmt.Errorf("dial: %w", &tls.CertificateVerificationError{Err: errors.New("expired")}):                                             "unreachable",
		tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}:                                                     "unreachable",
		errors.New("redis: cluster has no nodes"):                                                                                         "unreachable",
		reply("NOPERM this user has no permissions"):                                                                                      "not-permitted",
		reply("ERR The user executing the script can't run this command or subcommand script: 1f, on @user_script:3."):                    "not-permitted",
		reply("@user_script: 3: The user executing the script can't run this command or subcommand"):                                      "not-permitted",
		reply("ERR ACL failure in script: User default has no permissions to run the 'zrevrange' command script: 1f, on @user_script:3."): "not-permitted",
		reply("ERR unknown command 'getdel', with args beginning with: 'a' "):                                                             "refused",
		reply("ERR unknown command 'time', with args beginning with: "):                                                                   "sentinel",
		reply("ERR unknown command 'copy', with"):                                                                                         "refused",
		reply("ERR unknown command `SET`, with"):                                                                                          "sentinel",
		reply("ERR Error running script (call to f_1): @user_script:18: @user_script: 18: -OOM command not allowed"):                      "out-of-memory",
		fmt.Errorf("append: %w", reply("OOM command not allowed")):                                                                        "out-of-memory",
	} {
		if got := store.FaultOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	all := store.Faults()
	for i, f := range all {
		if f == "" || slices.Index(all, f) != i || f.IsRefusal() != (f != "unreachable") {
			t.Errorf("faults: %q", all)
		}
	}
}

// reply is an error of Redis.
type reply string

func (r reply) Error() string { return string(r) }

// RedisError marks it.
func (reply) RedisError() {}

// What is wrong with a Cluster, and with a replica that has lost its master, is told by what they say.
func TestFaultsOfSeveral(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, "--cluster-require-full-coverage", "yes")
	logs, err := store.Open(clusterURL(c), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	wantFault(t, logs, "")
	misroute(t, c, "userlog:{audit}:ping")
	wantFault(t, logs, "cluster-down")
	reroute(t, c, "userlog:{audit}:ping")
	redistest.Eventually(t, "the Cluster works again", func() bool { return logs.PingWrite(t.Context()) == nil })
	needed := []*redistest.Server{c.Master("userlog:{audit}:records"), c.Master("userlog:accounts")}
	other := slices.IndexFunc(c.Nodes[:3], func(node *redistest.Server) bool { return !slices.Contains(needed, node) })
	c.Replica(c.Nodes[other]).Kill()
	c.Nodes[other].Kill()
	redistest.Eventually(t, "the Cluster is said to be down", func() bool { return store.FaultOf(logs.PingWrite(t.Context())) == "cluster-down" })

	replica := redistest.Start(t, "--replica-serve-stale-data", "no", "--replica-read-only", "no")
	command(t, replica.Client(t), "replicaof", "127.0.0.1", "1")
	orphan, err := store.Open(replica.URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer orphan.Close(context.Background())
	wantFault(t, orphan, "read-only")
}

// One master of a Cluster is full, and has neither the audit log nor accounts. Users whose logs are there are told apart from the others.
func TestOneMasterRefuses(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	logs, err := store.Open(clusterURL(c), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	needed := []*redistest.Server{c.Master("userlog:{audit}:records"), c.Master("userlog:accounts")}
	there, elsewhere := "", ""
	for n := 0; there == "" || elsewhere == ""; n++ {
		name := fmt.Sprint("user", n)
		if slices.Contains(needed, c.Master("userlog:log:"+name)) {
			elsewhere = name
		} else {
			there = name
		}
	}
	full := c.Master("userlog:log:" + there).Client(t)
	for _, test := range []struct {
		memory string
		want   map[string]store.Fault
	}{
		{"1", map[string]store.Fault{there: "out-of-memory", "": "out-of-memory"}}, {"0", map[string]store.Fault{}},
	} {
		command(t, full, "config", "set", "maxmemory", test.memory)
		got := make(map[string]store.Fault)
		for username, err := range logs.PingLogs(t.Context(), there, elsewhere, "") {
			got[username] = store.FaultOf(err)
		}
		if !maps.Equal(got, test.want) {
			t.Errorf("with maxmemory %s: %v, want %v", test.memory, got, test.want)
		}
		if err := logs.PingWrite(t.Context()); err != nil {
			t.Errorf("with maxmemory %s: %v", test.memory, err)
		}
	}
	server := redistest.Start(t)
	single, err := store.Open(server.URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer single.Close(context.Background())
	command(t, server.Client(t), "config", "set", "maxmemory", "1")
	if failed := single.PingLogs(t.Context(), there, ""); len(failed) != 0 {
		t.Errorf("on one Redis: %v", failed)
	}
}

// A Ring is several servers, of which one is full.
func TestOneServerOfARingRefuses(t *testing.T) {
	t.Parallel()
	servers := []*redistest.Server{redistest.StartTCP(t), redistest.StartTCP(t)}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": servers[0].Address, "b": servers[1].Address}})
	defer ring.Close()
	logs, err := store.New(ring, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	var users []string
	for n := range 20 { // some of them are at each server
		users = append(users, fmt.Sprint("user", n))
	}
	command(t, servers[1].Client(t), "config", "set", "maxmemory", "1")
	failed := logs.PingLogs(t.Context(), users...)
	for username, err := range failed {
		if store.FaultOf(err) != "out-of-memory" {
			t.Errorf("%s: %v", username, err)
		}
	}
	if len(failed) == 0 || len(failed) == len(users) {
		t.Errorf("of %d logs, %d are refused", len(users), len(failed))
	}
}

// misroute has the master of a key say that another one has it, which does not know of that: so it is where slots are moved by half.
func misroute(t *testing.T, c *redistest.Cluster, key string) {
	t.Helper()
	master := c.Master(key)
	command(t, master.Client(t), "del", key)
	setSlot(t, c, master, c.Nodes[(slices.Index(c.Nodes[:3], master)+1)%3], key)
}

// reroute has all masters say that the first one has the slot of a key.
func reroute(t *testing.T, c *redistest.Cluster, key string) {
	t.Helper()
	for _, node := range c.Nodes[:3] {
		setSlot(t, c, node, c.Nodes[0], key)
	}
}

// setSlot has a node say that another one has the slot of a key.
func setSlot(t *testing.T, c *redistest.Cluster, node, owner *redistest.Server, key string) {
	t.Helper()
	id := owner.Client(t).Do(t.Context(), "cluster", "myid").Val()
	command(t, node.Client(t), "cluster", "setslot", c.Slot(key), "node", id)
}
