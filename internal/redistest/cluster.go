//go:build unix

package redistest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slots is how many slots a Redis Cluster has.
const slots = 16384

// Cluster is a Redis Cluster of real processes on ports of 127.0.0.1: masters, and one replica of each. A shard's replica
// takes over within about two seconds. The methods of its servers kill, pause and restart a node. A killed node that
// is restarted comes back with its place in the cluster, and without data of its own. All methods must be called by
// the test's own goroutine: those that can fail end the test.
type Cluster struct {
	Nodes []*Server // all nodes: first those that began as masters, then the replicas in the same order

	t   testing.TB
	ids map[*Server]string // of nodes
}

// StartCluster starts so many masters and as many replicas, and returns when each node knows that the cluster works. The slots
// are shared evenly, in the order of the masters. args are appended to the command line of each node. A shard that
// is dead stops no other one (cluster-require-full-coverage no), unless args say otherwise.
func StartCluster(t testing.TB, masters int, args ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t, ids: make(map[*Server]string)}
	for range 2 * masters {
		c.start(args...)
	}
	c.AwaitAgreement()
	for i, master := range c.Nodes[:masters] {
		first, last := slots*i/masters, slots*(i+1)/masters-1
		c.do(master, "cluster", "addslotsrange", first, last)
	}
	for i, replica := range c.Nodes[masters:] {
		c.replicate(replica, c.Nodes[i])
	}
	c.AwaitHealth()
	return c
}

// Client returns a client that knows all nodes, and is closed at the end of the test.
func (c *Cluster) Client(t testing.TB) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addresses()})
	t.Cleanup(func() { _ = client.Close() }) // a test may have closed it already
	return client
}

// Addresses are host and port of each node.
func (c *Cluster) Addresses() []string {
	addresses := make([]string, 0, len(c.Nodes))
	for _, node := range c.Nodes {
		addresses = append(addresses, node.Address)
	}
	return addresses
}

// Master returns the node that serves a key at the moment, as most of the nodes that run see it. It waits until there
// is one that runs.
func (c *Cluster) Master(key string) *Server {
	c.t.Helper()
	return c.MasterOfSlot(c.Slot(key))
}

// MasterOfSlot is [Cluster.Master] for a slot.
func (c *Cluster) MasterOfSlot(slot int) *Server {
	c.t.Helper()
	var master *Server
	Eventually(c.t, fmt.Sprintf("slot %d has a master", slot), func() bool {
		master = c.masterOf(slot)
		return master != nil
	})
	return master
}

// Slot returns the slot of a key.
func (c *Cluster) Slot(key string) int {
	c.t.Helper()
	slot, err := c.running()[0].admin().ClusterKeySlot(context.Background(), key).Result()
	if err != nil {
		c.t.Fatalf("ask for the slot of a key: %v", err)
	}
	return int(slot)
}

// Replica returns the node that would take over from a master, or nil.
func (c *Cluster) Replica(master *Server) *Server {
	for _, node := range c.running() {
		if slaveOf, _ := c.view(node)[c.ids[node]]; slaveOf.master == c.ids[master] {
			return node
		}
	}
	return nil
}

// AddMaster starts one more node, which serves no slot yet.
func (c *Cluster) AddMaster(args ...string) *Server {
	c.t.Helper()
	node := c.start(args...)
	c.AwaitHealth()
	return node
}

// Move moves slots with their keys to another master, one after the other, as redis-cli does. It waits until all nodes have heard
// of each: nodes that are told of several at once can disagree for ever.
func (c *Cluster) Move(to *Server, slots ...int) {
	c.t.Helper()
	for _, slot := range slots {
		from := c.MasterOfSlot(slot)
		if from == to {
			continue
		}
		c.do(to, "cluster", "setslot", slot, "importing", c.ids[from])
		c.do(from, "cluster", "setslot", slot, "migrating", c.ids[to])
		c.migrate(from, to, slot)
		for _, node := range slices.Concat([]*Server{to, from}, c.masters()) {
			c.do(node, "cluster", "setslot", slot, "node", c.ids[to])
		}
		c.AwaitAgreement()
	}
}

// migrate moves the keys of a slot.
func (c *Cluster) migrate(from, to *Server, slot int) {
	c.t.Helper()
	host, port, _ := strings.Cut(to.Address, ":")
	for {
		keys, err := from.admin().ClusterGetKeysInSlot(context.Background(), slot, 100).Result()
		if err != nil {
			c.t.Fatalf("list the keys of slot %d: %v", slot, err)
		}
		if len(keys) == 0 {
			return
		}
		command := []any{"migrate", host, port, "", 0, Patience.Milliseconds(), "keys"}
		for _, key := range keys {
			command = append(command, key)
		}
		c.do(from, command...)
	}
}

// AwaitHealth waits until every node that runs says that the cluster works, that each slot has a master that runs, and that
// each replica follows its master.
func (c *Cluster) AwaitHealth() {
	c.t.Helper()
	c.AwaitAgreement()
	Eventually(c.t, "the cluster works", func() bool {
		for _, node := range c.running() {
			info := node.admin().ClusterInfo(context.Background()).Val()
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_slots_ok:%d", slots)) {
				return false
			}
			about := node.admin().Info(context.Background(), "replication").Val()
			if strings.Contains(about, "role:slave") && !strings.Contains(about, "master_link_status:up") {
				return false
			}
		}
		return true
	})
}

// AwaitAgreement waits until all nodes that run know each other, and the same master for each slot.
func (c *Cluster) AwaitAgreement() {
	c.t.Helper()
	Eventually(c.t, "the nodes agree", func() bool {
		var first string
		for i, node := range c.running() {
			view := c.view(node)
			var seen []string
			for _, other := range c.running() {
				seen = append(seen, fmt.Sprint(view[c.ids[other]]))
			}
			if described := strings.Join(seen, "\n"); i == 0 {
				first = described
			} else if described != first {
				return false
			}
		}
		return !strings.Contains(first, "handshake") && !strings.Contains(first, "{ ")
	})
}

// start starts a node and introduces it to the others.
func (c *Cluster) start(args ...string) *Server {
	c.t.Helper()
	node := newServer(c.t)
	node.runOnFreePort(func(port string) {
		node.listen(port, slices.Concat([]string{
			"--bind", loopback, "--cluster-enabled", "yes", "--cluster-port", FreePort(c.t), "--cluster-node-timeout", "1000",
			"--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no",
			"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1",
		}, args)...)
	})
	id, err := node.admin().Do(context.Background(), "cluster", "myid").Text()
	if err != nil {
		c.t.Fatalf("ask a node for its id: %v", err)
	}
	c.Nodes, c.ids[node] = append(c.Nodes, node), id
	c.do(node, "cluster", "set-config-epoch", len(c.Nodes))
	if len(c.Nodes) > 1 {
		host, port, _ := strings.Cut(node.Address, ":")
		c.do(c.running()[0], "cluster", "meet", host, port, node.clusterPort())
	}
	return node
}

// clusterPort is the port on which a node speaks with others.
func (s *Server) clusterPort() string {
	return s.args[slices.Index(s.args, "--cluster-port")+1]
}

// replicate makes a node the replica of another one.
func (c *Cluster) replicate(replica, master *Server) {
	c.t.Helper()
	c.do(replica, "cluster", "replicate", c.ids[master])
}

// running are the nodes whose processes run.
func (c *Cluster) running() []*Server {
	return slices.DeleteFunc(slices.Clone(c.Nodes), func(s *Server) bool { return s.cmd == nil || s.paused })
}

// masters are the nodes that run and are masters, as they say themselves.
func (c *Cluster) masters() []*Server {
	return slices.DeleteFunc(c.running(), func(s *Server) bool { return c.view(s)[c.ids[s]].role != "master" })
}

// seen is what a node knows of another one, or of itself.
type seen struct {
	role   string // "master" or "slave", with more words where it fails
	master string // id of the master of a slave
	slots  string
}

// view is what a node knows of all nodes, by their ids.
func (c *Cluster) view(node *Server) map[string]seen {
	found := make(map[string]seen)
	for line := range strings.Lines(node.admin().ClusterNodes(context.Background()).Val()) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		role := strings.TrimPrefix(fields[2], "myself,")
		found[fields[0]] = seen{role, strings.TrimPrefix(fields[3], "-"), strings.Join(fields[8:], " ")}
	}
	return found
}

// masterOf is the running master of a slot in the view of most nodes, or nil.
func (c *Cluster) masterOf(slot int) *Server {
	votes := make(map[string]int)
	running := c.running()
	for _, node := range running {
		for id, seen := range c.view(node) {
			if seen.role == "master" && serves(seen.slots, slot) {
				votes[id]++
			}
		}
	}
	for _, node := range running {
		if 2*votes[c.ids[node]] > len(running) {
			return node
		}
	}
	return nil
}

// serves reports whether a slot is among slots as CLUSTER NODES writes them: "0-5460 6000 [93->-id]".
func serves(ranges string, slot int) bool {
	for part := range strings.FieldsSeq(ranges) {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err == nil && err2 == nil && from <= slot && slot <= to {
			return true
		}
	}
	return false
}

// do sends a command to a node, and ends the test if it fails.
func (c *Cluster) do(node *Server, command ...any) {
	c.t.Helper()
	if err := node.admin().Do(context.Background(), command...).Err(); err != nil {
		c.t.Fatalf("%v: %v", command, err)
	}
}

// admin is a client of the server itself, by its socket. It has one connection, and is closed at the end of the test.
func (s *Server) admin() *redis.Client {
	if s.client == nil {
		options := s.options(s.t)
		options.PoolSize = 1
		s.client = redis.NewClient(options)
		s.t.Cleanup(func() { s.client.Close() })
	}
	return s.client
}
