package recording

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/bench/internal/scale"
	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// BenchmarkScale measures what things cost on a Cluster of three masters and three replicas, by runs of few recorders. Then 50
// recorders, each a process, record at two rates, and the model of package scale is compared with what that takes. Somebody watches
// on each master all the while, or entries would gather for longer.
func BenchmarkScale(b *testing.B) {
	cluster := redistest.StartCluster(b, 3)
	few, one := startRecorders(b, cluster, 20), startRecorders(b, cluster, 1)
	many := append(slices.Concat(few, one), startRecorders(b, cluster, 29)...)
	watchAll(b, cluster, many[0])
	for b.Loop() {
		masters, replicas, recorders := measureCosts(b, cluster, few, one)
		for _, rate := range []int{40, 200} {
			compare(b, cluster, many, rate, masters, replicas, recorders)
		}
		measureFeed(b, cluster, many[0], many[1], one)
	}
	b.ReportMetric(0, "ns/op")
}

// watchAll has a recorder watch a user on each master.
func watchAll(b *testing.B, cluster *redistest.Cluster, viewer *start.Server) {
	b.Helper()
	watched := map[*redistest.Server]bool{}
	for n := 0; len(watched) < len(cluster.Nodes)/2; n++ {
		username := "watched-" + strconv.Itoa(n)
		if master := cluster.Master("userlog:log:" + username); !watched[master] {
			watched[master] = true
			viewer.Ask("/watch", username, new(bool))
		}
	}
}

// measureCosts measures what things cost masters, replicas and recorders. Nothing happens in one run. In four others batches
// are large or of one entry, and of users that the index has or has not.
func measureCosts(b *testing.B, cluster *redistest.Cluster, few, one []*start.Server) (masters, replicas, recorders scale.Costs) {
	b.Helper()
	const entries, users = 20_000, 1000
	var runs [5]run
	for i, e := range []experiment{
		{recorders: few, each: recording{Users: 1}},
		{recorders: one, each: recording{Entries: entries, Users: users, InOrder: true}},
		{recorders: few, each: recording{Entries: 225, Rate: 75, Users: 3}},
		{recorders: few, each: recording{Entries: 225, Rate: 75, Users: 225, InOrder: true}, others: 225},
		{recorders: one, each: recording{Entries: entries, Users: entries, InOrder: true}, others: entries},
	} {
		runs[i] = e.run(b, cluster)
	}
	alone := runs[4].memory / entries
	b.ReportMetric(alone, "memory-B/user")
	b.ReportMetric((runs[1].memory/users-alone)/(entries/users-1), "memory-B/entry")
	three := func(run) float64 { return 3 }
	masters, replicas = fit(b, runs, inMasters, three), fit(b, runs, inReplicas, three)
	recorders = fit(b, runs, inRecorders, func(r run) float64 { return float64(r.processes) })
	reportCosts(b, "master", masters)
	reportCosts(b, "replica", replicas)
	reportCosts(b, "recorder", recorders)
	return masters, replicas, recorders
}

// compare has recorders record, and reports what that takes, and how many times that is what the model says.
func compare(b *testing.B, cluster *redistest.Cluster, recorders []*start.Server, rate int, master, replica, recorder scale.Costs) {
	b.Helper()
	const seconds, users = 3, 1000
	took := experiment{recorders: recorders, each: recording{Entries: seconds * rate, Rate: rate, Users: users}, together: true}.run(b, cluster)
	n := float64(len(recorders))
	load := scale.Load{Entries: n * float64(rate), Users: users, Recorders: n, Masters: 3}
	counts, name := load.Counts(), strconv.Itoa(rate)+"/s-"
	entries := float64(took.entries)
	for _, about := range []struct {
		what  string
		of    func(run) float64
		model float64 // processors
	}{
		{"masters", inMasters, master.CPU(counts, 3)},
		{"replicas", inReplicas, replica.CPU(counts, 3)},
		{"recorders", inRecorders, recorder.CPU(counts, n)},
	} {
		model := about.model / load.Entries
		b.ReportMetric(1e9*about.of(took)/entries, name+about.what+"-ns/entry")
		b.ReportMetric(1e9*model, name+about.what+"-model-ns/entry")
		b.ReportMetric(about.of(took)/entries/model, name+about.what+"-x-model")
	}
	b.ReportMetric(took.counts.Reads/entries/(counts.Reads/load.Entries), name+"reads-x-model")
	b.ReportMetric(took.received/entries, name+"received-B/entry")
	b.ReportMetric(took.replicated/entries, name+"replicated-B/entry")
	b.ReportMetric(took.connections/n/3, "connections/recorder-master")
	b.ReportMetric(took.forConnections/took.connections, "memory-B/connection")
}

// experiment has recorders record at once.
type experiment struct {
	recorders []*start.Server
	each      recording
	others    int  // users by which those of one recorder are apart from those of the next
	together  bool // all have the same users
}

// run is what an experiment took.
type run struct {
	counts                     scale.Counts
	entries                    int
	took                       time.Duration
	masters, replicas, process time.Duration
	processes                  int
	received, replicated       float64 // bytes, by all masters, and by all replicas
	memory                     float64 // bytes, of the data of all masters
	connections                float64
	forConnections             float64 // bytes
}

func inMasters(r run) float64   { return r.masters.Seconds() }
func inReplicas(r run) float64  { return r.replicas.Seconds() }
func inRecorders(r run) float64 { return r.process.Seconds() }

// run runs it. Users of experiments are different ones, unless they are together.
func (e experiment) run(b *testing.B, cluster *redistest.Cluster) run {
	b.Helper()
	before, began := observe(b, cluster, e.recorders), time.Now()
	var all sync.WaitGroup
	for i, r := range e.recorders {
		each := e.each
		if !e.together {
			each.First = 1_000_000 + int(began.UnixNano()%1_000_000_000) + i*max(e.others, each.Users)
		}
		all.Go(func() {
			var stats store.Stats
			r.Ask("/record", each, &stats)
			if stats.Written != stats.Accepted {
				b.Errorf("not everything was written: %+v", stats)
			}
		})
	}
	all.Wait()
	if e.each.Entries == 0 {
		time.Sleep(2 * time.Second)
	}
	time.Sleep(600 * time.Millisecond) // the index follows
	r := observe(b, cluster, e.recorders)
	r.entries, r.took, r.processes = e.each.Entries*len(e.recorders), time.Since(began), len(e.recorders)
	r.masters -= before.masters
	r.replicas -= before.replicas
	r.process -= before.process
	r.received -= before.received
	r.replicated -= before.replicated
	r.memory -= before.memory
	r.counts.Reads -= before.counts.Reads
	r.counts.Scripts = float64(r.entries)
	r.counts.Members = float64(2 * e.added(r))
	return r
}

// added is how often users were added to the index.
func (e experiment) added(r run) int {
	if e.others > 0 || r.entries == 0 {
		return r.entries
	}
	load := scale.Load{Entries: float64(r.entries) / r.took.Seconds(), Users: float64(e.each.Users * len(e.recorders)), Recorders: 1}
	return int(load.Additions() * r.took.Seconds())
}

// observe returns what nodes and recorders have taken so far.
func observe(b *testing.B, cluster *redistest.Cluster, recorders []*start.Server) (r run) {
	b.Helper()
	for i, node := range cluster.Nodes {
		about := start.Info(b, node)
		cpu := start.CPU(about)
		if i >= len(cluster.Nodes)/2 {
			r.replicas += cpu
			r.replicated += about["total_net_repl_input_bytes"]
			continue
		}
		r.masters += cpu
		r.memory += about["used_memory"] - about["mem_clients_normal"] - about["mem_total_replication_buffers"] - about["mem_cluster_links"]
		r.received += about["total_net_input_bytes"]
		r.counts.Reads += about["total_reads_processed"]
		r.connections += about["connected_clients"]
		r.forConnections += about["mem_clients_normal"]
	}
	for _, recorder := range recorders {
		r.process += recorder.Usage().CPU
	}
	return r
}

// fit returns the costs by which runs took what they did.
func fit(b *testing.B, runs [5]run, of, processes func(run) float64) scale.Costs {
	b.Helper()
	var seen [5]scale.Observation
	for i, r := range runs {
		seen[i] = scale.Observation{Counts: r.counts, Idle: r.took.Seconds() * processes(r), Measured: of(r)}
		b.Logf("%+v", seen[i])
	}
	costs, err := scale.Fit(seen[:])
	if err != nil {
		b.Fatal(err)
	}
	return costs
}

// reportCosts reports costs, in nanoseconds.
func reportCosts(b *testing.B, of string, c scale.Costs) {
	all := map[string]float64{"batch": c.Read, "entry": c.Script, "index-member": c.Member, "idle-second": c.Idle}
	for _, what := range slices.Sorted(maps.Keys(all)) {
		b.ReportMetric(1e9*all[what], of+"-ns/"+what)
	}
}

// measureFeed reports what an entry of others costs an admin that watches somebody in its slot, and the masters that pass it on.
// Then it reports what an entry costs an admin with a viewer of everyone.
func measureFeed(b *testing.B, cluster *redistest.Cluster, ofUser, ofEveryone *start.Server, one []*start.Server) {
	b.Helper()
	const messages, watched = 20_000, 7
	username := "customer-" + strconv.Itoa(watched)
	ofUser.Ask("/watch", username, new(bool))
	client := cluster.Client(b)
	var channel string
	redistest.Eventually(b, "the slot of the user who is watched is heard", func() bool {
		master := cluster.Master("userlog:log:" + username)
		for _, name := range master.Client(b).PubSubShardChannels(b.Context(), "userlog:slot:*").Val() {
			if cluster.Slot(name) == cluster.Slot("userlog:log:"+username) {
				channel = name
			}
		}
		return channel != ""
	})
	one[0].Ask("/record", recording{Entries: 1, Users: 1, First: watched + 1}, new(store.Stats))
	line := client.LIndex(b.Context(), "userlog:log:customer-"+strconv.Itoa(watched+1), 0).Val()
	publish := func(channel string) run {
		before := observe(b, cluster, []*start.Server{ofUser})
		for range messages / 20 {
			pipe := client.Pipeline()
			for range 20 {
				pipe.SPublish(b.Context(), channel, line)
			}
			if _, err := pipe.Exec(b.Context()); err != nil {
				b.Fatal(err)
			}
			time.Sleep(time.Millisecond) // or messages pile up on their way to the replica, which costs the master far more
		}
		seen, after := count(ofUser), int64(0)
		one[0].Ask("/record", recording{Entries: 1, Users: 1, First: watched}, new(store.Stats))
		for after = seen; after == seen; after = count(ofUser) {
			time.Sleep(time.Millisecond)
		}
		r := observe(b, cluster, []*start.Server{ofUser})
		r.masters -= before.masters
		r.process -= before.process
		return r
	}
	unheard, heard := publish(channel+"-unheard"), publish(channel)
	b.ReportMetric(float64((heard.process-unheard.process).Nanoseconds())/messages, "admin-ns/other-entry")
	b.ReportMetric(float64((heard.masters-unheard.masters).Nanoseconds())/messages, "master-ns/delivery")

	const entries = 20_000
	ofEveryone.Ask("/watch", "", new(bool))
	before := ofEveryone.Usage().CPU
	experiment{recorders: one, each: recording{Entries: entries, Users: 1000}}.run(b, cluster)
	b.ReportMetric(float64((ofEveryone.Usage().CPU-before).Nanoseconds())/entries, "admin-ns/everyone-entry")
}

// count is how many entries the subscriptions of a recorder have given.
func count(recorder *start.Server) (seen int64) {
	recorder.Ask("/seen", struct{}{}, &seen)
	return seen
}
