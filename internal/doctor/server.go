package doctor

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// What is still fine.
const (
	fullMemory  = 85                    // percent of maxmemory
	lateReplica = 5                     // seconds without a word from a replica, which speaks once a second
	slowAnswer  = 25 * time.Millisecond // for the answer to a ping; what a person notices is some of them
	pings       = 9
)

// lostNodes are masters that do not answer.
func lostNodes(_ context.Context, p *patient) ([]Finding, error) {
	return p.each(func(s server) *Finding {
		if !s.isAway() {
			return nil
		}
		return &Finding{Name: "node-away", Grave: true, Subject: s.address}
	}), p.refused
}

// eviction is which keys are dropped when the memory is full.
func eviction(ctx context.Context, p *patient) ([]Finding, error) {
	policy, err := p.logs.EvictionPolicy(ctx)
	switch {
	case isRefusal(err):
		return []Finding{{Name: "eviction-unknown"}}, nil
	case strings.HasPrefix(policy, "allkeys-"):
		return []Finding{{Name: "evicts-all", Grave: true, Subject: policy}}, nil
	case err != nil && len(p.servers) > 0 && !p.servers[0].isRedis():
		return nil, nil // the imitation drops nothing
	case err == nil && policy != "noeviction":
		return []Finding{{Name: "evicts-some", Subject: policy}}, nil
	}
	return nil, err
}

// littleMemory is memory that is nearly used up.
func littleMemory(_ context.Context, p *patient) ([]Finding, error) {
	return p.each(func(s server) *Finding {
		limit := s.number("maxmemory")
		if limit == 0 || s.number("used_memory")*100/limit < fullMemory {
			return nil
		}
		return &Finding{Name: "memory", Subject: s.address, Count: int(s.number("used_memory") * 100 / limit)}
	}), nil
}

// failedSaves are writes to the disk that have failed.
func failedSaves(_ context.Context, p *patient) ([]Finding, error) {
	return p.each(func(s server) *Finding {
		for _, what := range []string{"rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_last_write_status"} {
			if s.about[what] == "err" {
				return &Finding{Name: "save-failed", Grave: true, Subject: s.address}
			}
		}
		return nil
	}), nil
}

// noPersistence is a server that does not write each change to its disk.
func noPersistence(_ context.Context, p *patient) ([]Finding, error) {
	return p.each(func(s server) *Finding {
		if s.about["aof_enabled"] != "0" {
			return nil
		}
		return &Finding{Name: "no-persistence", Subject: s.address}
	}), nil
}

// lateReplicas are replicas that have not been heard of for some seconds.
func lateReplicas(_ context.Context, p *patient) (found []Finding, err error) {
	for _, s := range p.servers {
		for n := range s.number("connected_slaves") {
			// ip=127.0.0.1,port=6380,state=online,offset=14,lag=0
			replica := make(map[string]string)
			for field := range strings.SplitSeq(s.about["slave"+strconv.FormatInt(n, 10)], ",") {
				name, value, _ := strings.Cut(field, "=")
				replica[name] = value
			}
			lag, _ := strconv.Atoi(replica["lag"]) // none while it is not online
			if replica["state"] != "online" || lag >= lateReplica {
				found = append(found, Finding{Name: "replica-late", Subject: replica["ip"] + ":" + replica["port"], Other: s.address, Count: lag})
			}
		}
	}
	return found, nil
}

// slowAnswers is a long way to Redis, or one that has much to do.
func slowAnswers(ctx context.Context, p *patient) ([]Finding, error) {
	took := make([]time.Duration, pings)
	for i := range took {
		begun := time.Now()
		if err := p.logs.Ping(ctx); err != nil {
			return nil, err
		}
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	if median := took[pings/2]; median > slowAnswer {
		return []Finding{{Name: "slow", Count: int(median.Milliseconds())}}, nil
	}
	return nil, nil
}

// unheardMessages is a Redis that does not pass on what is published, so that live logs stand still.
func unheardMessages(ctx context.Context, p *patient) ([]Finding, error) {
	switch err := p.logs.PingFeed(ctx); {
	case err == nil:
		return nil, nil
	case isRefusal(err):
		return []Finding{{Name: "channels-refused", Grave: true}}, nil
	default:
		return []Finding{{Name: "unheard", Grave: true}}, nil
	}
}

// wrongClock is a clock of this machine that differs from Redis'.
func wrongClock(ctx context.Context, p *patient) ([]Finding, error) {
	before := p.options.Now()
	there, err := p.logs.Client().Time(ctx).Result()
	after := p.options.Now()
	if err != nil {
		return nil, err
	}
	skew := before.Add(after.Sub(before) / 2).Sub(there)
	if skew.Abs() <= store.ClockTolerance {
		return nil, nil
	}
	return []Finding{{Name: "clock", Count: int(skew.Abs().Seconds())}}, nil
}
