// Package doctor looks for what is wrong with a Redis that keeps logs, with what the admin keeps there, and with the applications that
// report themselves. It changes nothing.
//
// A finding has a name and no words: the catalogues of views have them, in every language. The package internal/webcheck finds
// what a browser meets on its way to the admin.
package doctor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Finding is one thing that is wrong. Its words are the texts "health.<Name>" and "health.<Name>.next" of the catalogues.
type Finding struct {
	Name  string
	Grave bool        // something does not work, or gets lost; otherwise it may become so
	Fault store.Fault // of the finding "fault", whose words are those of the fault
	Cause error       // of the same, for whoever may read what Redis and the network say

	// What stands in the words: a name, what it is about, and a number. They are empty where there are none.
	Subject, Other string
	Count          int
}

// Options say how to look. The zero value is right for most.
type Options struct {
	// LoginElsewhere says that people log in at a host or a proxy, where no account needs a password. Default: false.
	LoginElsewhere bool

	// Now tells the time of this machine. Default: time.Now.
	Now func() time.Time

	// Logger is told of questions that Redis has not answered. Default: slog.Default().
	Logger *slog.Logger
}

// check is one question. Its error says that there was no answer.
type check struct {
	name string // for the log
	find func(context.Context, *patient) ([]Finding, error)
}

// checks are all questions, in the order in which people should read what is found.
func checks() []check {
	return []check{
		{"nodes", lostNodes},
		{"commands", missingCommands},
		{"eviction", eviction},
		{"memory", littleMemory},
		{"disk", failedSaves},
		{"persistence", noPersistence},
		{"replicas", lateReplicas},
		{"latency", slowAnswers},
		{"publishing", unheardMessages},
		{"keys", foreignKeys},
		{"audit log", brokenAuditLog},
		{"accounts", noSuperuser},
		{"clock", wrongClock},
		{"applications", silentApplications},
		{"other prefixes", otherPrefixes},
		{"clocks of applications", wrongClocksOfApplications},
		{"losses", losses},
		{"queues", longQueues},
		{"versions", differentVersions},
		{"options", differentOptions},
		{"switches", switchedOff},
		{"applications that follow", behindSwitches},
		{"webhooks", webhooks},
	}
}

// Examine looks for everything that is wrong, and returns it with what is worst to begin with. It takes some seconds at most where
// Redis answers. Where Redis does not, there is one finding, which says so.
func Examine(ctx context.Context, logs *store.Store, options Options) []Finding {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	var found []Finding
	if err := refusal(ctx, logs); err != nil {
		fault := store.FaultOf(err)
		if fault == "" {
			fault = "refused"
		}
		found = append(found, Finding{Name: "fault", Grave: true, Fault: fault, Cause: err})
		if !answers(fault) {
			return found
		}
	}
	more, refused := askAll(ctx, newPatient(ctx, logs, options))
	unanswered := false
	for about, err := range refused {
		if !explained(err, found) {
			options.Logger.Warn("userlog: a question about its health was not answered", "about", about, "err", err)
			unanswered = true
		}
	}
	if found = append(found, more...); unanswered {
		found = append(found, Finding{Name: "unanswered"})
	}
	return gravestFirst(found)
}

// refusal is why Redis, or one master of a Cluster, does not take what is written. That a master is away, the checks find out.
func refusal(ctx context.Context, logs *store.Store) error {
	if err := logs.PingWrite(ctx); err != nil {
		return err
	}
	if err := logs.PingLogs(ctx, "")[""]; store.FaultOf(err).IsRefusal() {
		return err
	}
	return nil
}

// askAll asks all questions at once, since each may have to wait for a part of Redis that hangs. The findings are in the order of the
// checks.
func askAll(ctx context.Context, p *patient) (found []Finding, refused map[string]error) {
	all := checks()
	answers, errs := make([][]Finding, len(all)), make([]error, len(all))
	var asking sync.WaitGroup
	for i, c := range all {
		asking.Go(func() { answers[i], errs[i] = c.find(ctx, p) })
	}
	asking.Wait()
	refused = make(map[string]error)
	for i, c := range all {
		if found = append(found, answers[i]...); errs[i] != nil {
			refused[c.name] = errs[i]
		}
	}
	return found, refused
}

// explained reports whether an error has a finding of its own: a command is not permitted, or Redis has the fault that was found.
func explained(err error, found []Finding) bool {
	if several, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		return slices.ContainsFunc(several.Unwrap(), func(err error) bool { return explained(err, found) })
	}
	fault := store.FaultOf(err)
	return fault == "not-permitted" || fault != "" && slices.ContainsFunc(found, func(f Finding) bool { return f.Fault == fault })
}

// answers reports whether a Redis with this fault tells more about itself.
func answers(fault store.Fault) bool {
	switch fault {
	case "read-only", "out-of-memory", "disk", "replicas", "not-permitted":
		return true
	}
	return false
}

// gravestFirst puts what is grave in front, and leaves the order as it is otherwise.
func gravestFirst(found []Finding) []Finding {
	var grave, others []Finding
	for _, f := range found {
		if f.Grave {
			grave = append(grave, f)
		} else {
			others = append(others, f)
		}
	}
	return append(grave, others...)
}

// isRefusal reports whether Redis has refused a command by its access list.
func isRefusal(err error) bool { return store.FaultOf(err) == "not-permitted" }

// Names are the names of all findings that there are.
func Names() []string {
	return []string{
		"fault", "node-away", "commands-refused", "commands-unknown", "channels-refused", "eviction-unknown", "evicts-all", "evicts-some",
		"memory", "save-failed", "no-persistence", "replica-late", "slow", "unheard", "foreign-key", "audit-broken", "no-superuser", "clock",
		"no-application", "application-silent", "other-prefix", "application-clock", "losses", "queue", "versions", "options",
		"recording-off", "publishing-off", "watch-only", "switches-unreadable", "switches-behind", "rules-unwatched", "webhook-failing",
		"unanswered",
	}
}
