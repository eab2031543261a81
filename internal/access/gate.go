package access

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// Reasons remembers why accounts look at logs; it is [auth.Reasons].
type Reasons interface {
	State(ctx context.Context, account, username, text string) error
	Current(ctx context.Context, account, username string) (reason auth.Reason, ok bool, err error)
}

// Allowance limits how much an account can have recorded; it is [auth.Allowance].
type Allowance interface {
	Take(ctx context.Context, account string, via auth.Via) (wait time.Duration, err error)
}

// SupportCodes limits how many support codes an account can try; it is [auth.SupportCodes].
type SupportCodes interface {
	Try(ctx context.Context, account string) (wait time.Duration, err error)
}

// DefaultLoginInterval is the default of Options.LoginInterval.
const DefaultLoginInterval = time.Minute

// Options are the rules of a [Gate].
type Options struct {
	// Log is where looks are written down. Required.
	Log audit.Appender

	// Roster notes which viewings are under way, for other processes and for this one after a restart. Default: nil, a viewing
	// ends with its process.
	Roster *audit.Roster

	// Logger is told of ends of viewings that can't be written for a while. Required.
	Logger *slog.Logger

	// Reasons is where stated reasons are kept. Required but for a terminal.
	Reasons Reasons

	// Allowance limits each account. Required but for a terminal.
	Allowance Allowance

	// SupportCodes limits how many codes are tried. Required but for a terminal.
	SupportCodes SupportCodes

	// RequireReason has everybody state a reason before a log opens. Default: false.
	RequireReason bool

	// LoginInterval is how long a connection lasts if its account came by the login of a host or a proxy.
	// That login can be asked again only when the page connects again. Default: a minute.
	LoginInterval time.Duration

	// Looked is called for each look at a user's log that is allowed, and again whenever a page asks again. Default: nil.
	Looked func(ctx context.Context, username string)

	// Terminal makes this the gate of a command. There, looks are by [auth.ViaTerminal] and by nothing
	// else, and need neither a role nor an allowance: the operating system and Redis have let the person
	// in. Default: false, nobody comes by the terminal.
	Terminal bool
}

// Gate decides who may look at logs. All methods may be called from several goroutines.
type Gate struct {
	options  Options
	log      audit.Appender // limited by the allowance
	viewings *audit.Viewings
}

// NewGate returns a gate. It has one goroutine: close it.
func NewGate(options Options) *Gate {
	if options.LoginInterval == 0 {
		options.LoginInterval = DefaultLoginInterval
	}
	log := options.Log
	if !options.Terminal {
		log = limitedLog{options.Log, options.Allowance}
	}
	return &Gate{options: options, log: log, viewings: audit.NewViewings(log, options.Roster, options.Logger)}
}

// Close lets nobody in any more. With a roster it notes that the viewings under way go on in other processes. Without one it writes
// the end of each viewing to the audit log, until ctx ends.
func (g *Gate) Close(ctx context.Context) error { return g.viewings.Close(ctx) }

// Admit decides about pages that show no log, such as the home page. It asks for a role and nothing else. With
// superuser it asks for that role.
func (g *Gate) Admit(a auth.Access, superuser bool) Decision {
	terminal := a.Via == auth.ViaTerminal
	if g.options.Terminal && terminal {
		return Allowed
	}
	_, wrong := auth.ParseRole(string(a.Role))
	switch {
	case a.Account == "":
		return NeedsLogin
	case g.options.Terminal || terminal || wrong != nil || superuser && a.Role != auth.Superuser:
		return Refused
	}
	return Allowed
}

// Prepare decides about a page that shows nothing of the log by itself, such as the frame of a live log.
// It asks for a reason, and writes nothing down: the page's socket does.
func (g *Gate) Prepare(ctx context.Context, look Look) Answer {
	return g.reasoned(ctx, look)
}

// View decides about a look at a log as it is now. Looks that are less than a minute apart are one
// viewing.
func (g *Gate) View(ctx context.Context, look Look) Answer {
	answer := g.reasoned(ctx, look)
	if answer.Decision == Allowed {
		answer.judge(g.viewings.Touch(ctx, viewing(look, audit.View, answer.Reason.Text)))
		g.looked(ctx, look, answer)
	}
	return answer
}

// looked tells of a look that has been written down.
func (g *Gate) looked(ctx context.Context, look Look, answer Answer) {
	if g.options.Looked != nil && answer.Decision == Allowed && look.Username != "" {
		g.options.Looked(ctx, look.Username)
	}
}

// Watch decides about a look that goes on, until [Answer.End] is called.
func (g *Gate) Watch(ctx context.Context, look Look) Answer {
	answer := g.reasoned(ctx, look)
	if answer.Decision != Allowed {
		return answer
	}
	action := audit.Watch
	if look.Username == "" {
		action = audit.WatchEveryone
	}
	end, err := g.viewings.Begin(ctx, viewing(look, action, answer.Reason.Text))
	answer.end = end
	answer.judge(err)
	g.looked(ctx, look, answer)
	return answer
}

// ReadAuditLog decides about a look at the audit log, which is a superuser's and needs no reason.
func (g *Gate) ReadAuditLog(ctx context.Context, look Look) Answer {
	answer := Answer{Decision: g.Admit(look.Access, true)}
	if answer.Decision == Allowed {
		answer.judge(g.viewings.Touch(ctx, viewing(look, audit.AuditRead, "")))
	}
	return answer
}

// Spend counts an action of the account that is going to be recorded, and decides whether it may happen.
// [Gate.View] and its like count by themselves.
func (g *Gate) Spend(ctx context.Context, look Look) Answer {
	answer := Answer{Decision: g.Admit(look.Access, false)}
	if answer.Decision == Allowed {
		answer.judge(spend(ctx, g.options.Allowance, look.Access.Account, look.Access.Via))
	}
	return answer
}

// TryCode counts that an account tries a support code, and decides whether the account may. Whether the code is right is not asked here.
func (g *Gate) TryCode(ctx context.Context, look Look) Answer {
	answer := Answer{Decision: g.Admit(look.Access, false)}
	if answer.Decision != Allowed {
		return answer
	}
	wait, err := g.options.SupportCodes.Try(ctx, look.Access.Account)
	if err == nil && wait > 0 {
		err = tooMuchError{wait}
	}
	answer.judge(err)
	return answer
}

// UseCode writes down, beforehand, that an account uses a support code, which leads to the log of look.Username. The look at that log
// is decided about afterwards, as any other.
func (g *Gate) UseCode(ctx context.Context, look Look) Answer {
	answer := Answer{Decision: g.Admit(look.Access, false)}
	if answer.Decision == Allowed {
		_, err := g.log.Append(ctx, look.Actor().Record(audit.CodeUsed, look.Username))
		answer.judge(err)
	}
	return answer
}

// Act decides whether an account may do something about a user, such as write a note. The account must be allowed to look at the user's
// log. Act counts it, and the caller writes it down with the reason of the answer.
func (g *Gate) Act(ctx context.Context, look Look) Answer {
	answer := g.reasoned(ctx, look)
	if answer.Decision == Allowed {
		answer.judge(spend(ctx, g.options.Allowance, look.Access.Account, look.Access.Via))
	}
	return answer
}

// StateReason writes look.Reason down and remembers it. The answer is NeedsReason where the text can't be a reason: see [auth.CheckReason].
func (g *Gate) StateReason(ctx context.Context, look Look) Answer {
	answer := Answer{Decision: g.Admit(look.Access, false)}
	if answer.Decision != Allowed {
		return answer
	}
	text, err := auth.CheckReason(look.Reason)
	if err != nil {
		return Answer{Decision: NeedsReason}
	}
	record := look.Actor().Record(audit.ReasonStated, look.Username)
	record.Reason = text
	if _, err = g.log.Append(ctx, record); err == nil {
		err = g.options.Reasons.State(ctx, look.Access.Account, look.Username, text)
	}
	answer.judge(err)
	return answer
}

// reasoned decides what needs no audit record: may the account look, for which reason, and until when.
func (g *Gate) reasoned(ctx context.Context, look Look) Answer {
	answer := Answer{Decision: g.Admit(look.Access, false)}
	if answer.Decision == Allowed {
		answer = g.reason(ctx, look)
	}
	if answer.Decision == Allowed {
		answer.Until = g.until(look.Access.Via, answer.Reason)
	}
	return answer
}

// reason finds the reason that holds, or takes the one that came with the question.
func (g *Gate) reason(ctx context.Context, look Look) Answer {
	switch {
	case g.options.Terminal: // a command needs no reason, and a reason that is given holds for this command only
		return Answer{Decision: Allowed, Reason: auth.Reason{Text: look.Reason}}
	case !g.options.RequireReason:
		return Answer{Decision: Allowed}
	}
	answer := g.currentReason(ctx, look)
	program := look.Access.Via == auth.ViaToken || look.Access.Via == auth.ViaHostToken
	if answer.Decision != NeedsReason || look.Reason == "" || !program {
		// A browser's reason comes by a form. In a link, another site's page could put words into its mouth.
		return answer
	}
	if answer = g.StateReason(ctx, look); answer.Decision != Allowed {
		return answer
	}
	return g.currentReason(ctx, look)
}

func (g *Gate) currentReason(ctx context.Context, look Look) Answer {
	reason, ok, err := g.options.Reasons.Current(ctx, look.Access.Account, look.Username)
	switch {
	case err != nil:
		return Answer{Err: err}
	case !ok:
		return Answer{Decision: NeedsReason}
	}
	return Answer{Decision: Allowed, Reason: reason}
}

// until is when an open connection has to ask again: when its reason is over, or when the login of a host
// or a proxy has to be asked again, whichever comes first. Zero is never.
func (g *Gate) until(via auth.Via, reason auth.Reason) time.Time {
	if via == auth.ViaSession || via == auth.ViaSignOn || via == auth.ViaToken || via == auth.ViaTerminal {
		return reason.Until
	}
	limit := time.Now().Add(g.options.LoginInterval)
	if !reason.Until.IsZero() && reason.Until.Before(limit) {
		return reason.Until
	}
	return limit
}

// judge decides by the error of writing a record: without the record nothing is shown.
func (a *Answer) judge(err error) {
	var tooMuch tooMuchError
	switch {
	case err == nil:
		return
	case errors.As(err, &tooMuch):
		a.Decision, a.Wait = TooMany, tooMuch.wait
	case errors.Is(err, audit.ErrTooManyViewings):
		a.Decision, a.Wait = TooMany, audit.ViewingTimeout
	default:
		a.Decision, a.Err = StoreLost, err
	}
}

func viewing(look Look, action audit.Action, reason string) audit.Viewing {
	return audit.Viewing{Actor: look.Actor(), Action: action, Subject: look.Username, Reason: reason}
}
