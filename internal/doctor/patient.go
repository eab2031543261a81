package doctor

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// patient is what is examined, and what several questions need to know of it.
type patient struct {
	options Options
	logs    *store.Store
	servers []server // all masters, or the one server that there is
	refused error    // why none of them told about itself; nil where all did

	applications    []store.Application
	applicationsErr error
	switches        store.Switches
	switchesErr     error
}

// server is a Redis that has answered.
type server struct {
	address string
	client  redis.Cmdable
	about   map[string]string // what INFO says
	err     error             // it did not say so
}

// answerTime is how long a server may take to tell about itself. A client of Redis would ask one that hangs several times.
const answerTime = 3 * time.Second

// newPatient asks what several questions need. It asks all of it at once, since a part of Redis may hang.
func newPatient(ctx context.Context, logs *store.Store, options Options) *patient {
	p := &patient{options: options, logs: logs}
	var asking sync.WaitGroup
	asking.Go(func() { p.askServers(ctx) })
	asking.Go(func() { p.applications, p.applicationsErr = logs.Applications(ctx) })
	asking.Go(func() { p.switches, p.switchesErr = logs.Switches(ctx) })
	asking.Wait()
	return p
}

// askServers asks each master about itself.
func (p *patient) askServers(ctx context.Context) {
	cluster, ok := p.logs.Client().(*redis.ClusterClient)
	if !ok {
		p.servers = []server{ask(ctx, p.logs.Address(), p.logs.Client())}
		return
	}
	var mu sync.Mutex
	p.refused = cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		asked := ask(ctx, master.Options().Addr, master)
		mu.Lock()
		defer mu.Unlock()
		p.servers = append(p.servers, asked)
		return nil
	})
}

// ask asks one server about itself.
func ask(ctx context.Context, address string, client redis.Cmdable) server {
	s := server{address: address, client: client, about: make(map[string]string)}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	text, err := client.Info(ctx).Result()
	s.err = err
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			s.about[name] = value
		}
	}
	return s
}

// isRedis reports whether it is a server, and not the imitation in memory, which tells nothing of this.
func (s server) isRedis() bool { return s.about["redis_version"] != "" }

// isAway reports whether it has not answered.
func (s server) isAway() bool { return store.FaultOf(s.err) == "unreachable" }

// number is a number that INFO tells, or 0.
func (s server) number(name string) int64 {
	n, err := strconv.ParseInt(s.about[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// each asks one question of all servers.
func (p *patient) each(find func(server) *Finding) (found []Finding) {
	for _, s := range p.servers {
		if f := find(s); f != nil {
			found = append(found, *f)
		}
	}
	return found
}
