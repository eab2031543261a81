//go:build unix

package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// SentinelName is the name by which sentinels of tests know their master.
const SentinelName = "tested"

// Sentinels are a master, its replicas, and the sentinels that watch them, on ports of 127.0.0.1. Its methods must be called by
// the test's own goroutine: those that can fail end the test.
type Sentinels struct {
	Servers   []*Server // the first one began as the master
	Sentinels []*Server

	t testing.TB
}

// StartSentinels starts a master with two replicas and three sentinels, and returns when all sentinels know each other and
// the replicas. A master that does not answer for half a second is down for them. args are appended to the command lines
// of the master and its replicas.
func StartSentinels(t testing.TB, args ...string) *Sentinels {
	t.Helper()
	s := &Sentinels{t: t}
	common := slices.Concat([]string{"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"}, args)
	master := StartTCP(t, common...)
	host, port, _ := strings.Cut(master.Address, ":")
	s.Servers = append(s.Servers, master)
	for range 2 {
		s.Servers = append(s.Servers, StartTCP(t, slices.Concat(common, []string{"--replicaof", host + " " + port})...))
	}
	s.AwaitReplicas()
	for range 3 {
		s.Sentinels = append(s.Sentinels, startSentinel(t, host, port))
	}
	s.AwaitReady()
	return s
}

// startSentinel starts one sentinel.
func startSentinel(t testing.TB, host, port string) *Server {
	t.Helper()
	s := newServer(t)
	file := filepath.Join(s.Dir, "sentinel.conf")
	s.runOnFreePort(func(own string) {
		config := strings.Join([]string{
			"port " + own, "bind " + loopback, "dir " + s.Dir, "unixsocket " + s.socket(),
			fmt.Sprintf("sentinel monitor %s %s %s 2", SentinelName, host, port),
			"sentinel down-after-milliseconds " + SentinelName + " 500",
			"sentinel failover-timeout " + SentinelName + " 5000",
		}, "\n")
		if err := os.WriteFile(file, []byte(config+"\n"), 0o600); err != nil {
			t.Fatalf("start a sentinel: %v", err)
		}
		s.args, s.Address = []string{file, "--sentinel"}, net.JoinHostPort(loopback, own)
	})
	return s
}

// Client returns a client that asks the sentinels for the master, and is closed at the end of the test.
func (s *Sentinels) Client(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: SentinelName, SentinelAddrs: s.Addresses()})
	t.Cleanup(func() { _ = client.Close() }) // a test may have closed it already
	return client
}

// Addresses are host and port of each sentinel.
func (s *Sentinels) Addresses() []string {
	addresses := make([]string, 0, len(s.Sentinels))
	for _, sentinel := range s.Sentinels {
		addresses = append(addresses, sentinel.Address)
	}
	return addresses
}

// Master returns the server that is the master as a majority of the sentinels that run say.
func (s *Sentinels) Master() *Server {
	s.t.Helper()
	var master *Server
	Eventually(s.t, "the sentinels agree on a master", func() bool {
		votes := make(map[string]int)
		for _, sentinel := range s.running(s.Sentinels) {
			if at := sentinelOf(sentinel).masterAddress(); at != "" {
				votes[at]++
			}
		}
		for _, server := range s.Servers {
			if votes[server.Address] > len(s.Sentinels)/2 {
				master = server
				return true
			}
		}
		return false
	})
	return master
}

// Failover has a sentinel make a replica the master, and returns when the sentinels agree that one is. The old master
// goes on as such until a sentinel tells it better, which can take ten seconds.
func (s *Sentinels) Failover() (old, promoted *Server) {
	s.t.Helper()
	old = s.Master()
	admin := s.running(s.Sentinels)[0].admin()
	if err := admin.Do(context.Background(), "sentinel", "failover", SentinelName).Err(); err != nil {
		s.t.Fatalf("sentinel failover: %v", err)
	}
	Eventually(s.t, "another server is the master", func() bool {
		promoted = s.Master()
		return promoted != old
	})
	return old, promoted
}

// AwaitReplicas waits until each replica that runs follows its master.
func (s *Sentinels) AwaitReplicas() {
	s.t.Helper()
	Eventually(s.t, "the replicas follow their master", func() bool {
		for _, server := range s.running(s.Servers) {
			about := server.admin().Info(context.Background(), "replication").Val()
			if strings.Contains(about, "role:slave") && !strings.Contains(about, "master_link_status:up") {
				return false
			}
		}
		return true
	})
}

// AwaitReady waits until the sentinels that run know each other, and all replicas, so that they can fail over.
func (s *Sentinels) AwaitReady() {
	s.t.Helper()
	Eventually(s.t, "the sentinels know each other and the replicas", func() bool {
		for _, sentinel := range s.running(s.Sentinels) {
			about := sentinelOf(sentinel).master()
			others, replicas := fmt.Sprint(len(s.Sentinels)-1), fmt.Sprint(len(s.Servers)-1)
			if about["num-other-sentinels"] != others || about["num-slaves"] != replicas || about["flags"] != "master" {
				return false
			}
		}
		return true
	})
}

// running are the servers whose processes run.
func (*Sentinels) running(servers []*Server) []*Server {
	return slices.DeleteFunc(slices.Clone(servers), func(s *Server) bool { return s.cmd == nil || s.paused })
}

// sentinelClient asks a sentinel.
type sentinelClient struct{ *redis.Client }

func sentinelOf(s *Server) sentinelClient { return sentinelClient{s.admin()} }

// masterAddress is where the sentinel says that the master is, or "".
func (c sentinelClient) masterAddress() string {
	at, err := c.Do(context.Background(), "sentinel", "get-master-addr-by-name", SentinelName).StringSlice()
	if err != nil || len(at) != 2 {
		return ""
	}
	return net.JoinHostPort(at[0], at[1])
}

// master is what the sentinel knows of the master.
func (c sentinelClient) master() map[string]string {
	about := redis.NewMapStringStringCmd(context.Background(), "sentinel", "master", SentinelName)
	_ = c.Process(context.Background(), about) // a sentinel that does not answer knows nothing
	return about.Val()
}
