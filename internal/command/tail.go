package command

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// tailCommand is "userlog tail".
type tailCommand struct {
	Username   string `arg:"" optional:"" help:"Whose log to show."`
	All        bool   `help:"Show the requests of all users."`
	JSON       bool   `name:"json" help:"Show each request as it is recorded: one JSON object a line."`
	Every      bool   `help:"Show also what a page fetched by itself, such as images and scripts."`
	Reason     string `help:"Why, such as the number of a ticket; it is written to the audit log, with the name of the person at the terminal."`
	storeFlags `embed:""`
}

// Run is called by kong.
func (c *tailCommand) Run(ctx context.Context, std streams) error {
	switch {
	case c.All && c.Username != "":
		return usage("give a username or --all, not both")
	case !c.All && c.Username == "":
		return usage("give the name of the user whose log to show, or --all")
	case !c.All && store.CheckUsername(c.Username) != nil:
		return usage("%q: %w", c.Username, store.CheckUsername(c.Username))
	}
	if c.Reason != "" {
		var err error
		if c.Reason, err = auth.CheckReason(c.Reason); err != nil {
			return usage("--reason: %w", err)
		}
	}
	log := slog.New(slog.DiscardHandler) // tail itself prints what the store would log
	options, err := c.options(log)
	if err != nil {
		return err
	}
	logs, err := c.openRedis(options)
	if err != nil {
		return err
	}
	defer closeStore(context.Background(), logs, log)
	if err := misaddressed(ctx, logs); err != nil {
		return err
	}
	offered := c.resolve(ctx, logs, std.err)
	line, missing, err := c.line(std)
	if err != nil {
		return err
	}
	subscription, err := c.subscribe(logs)
	if err != nil {
		return err
	}
	defer subscription.Close()
	viewing := newTerminalViewing(logs, c.Username, c.Reason)
	defer viewing.close(std.err)
	defer c.watchOnly(ctx, logs, viewing, std.err)()
	refused := &refusals{write: writesTo(logs, c.Username), address: logs.Address(), w: std.err}
	defer refused.watch(ctx, askInterval)()
	t := tail{streams: std, line: line, missing: missing, shows: c.shows, nothingYet: c.nothingYet() + offer(offered), lost: refused.lost, record: viewing.begin}
	if err := t.follow(ctx, subscription); err != nil {
		return redisFailure(logs.Address(), err)
	}
	return nil
}

// misaddressed returns an error if Redis answers, and is not of the kind that its address says, such as a Cluster. Waiting would not help.
func misaddressed(ctx context.Context, logs *store.Store) error {
	err := logs.PingWrite(ctx)
	switch store.FaultOf(err) {
	case "cluster", "no-cluster", "sentinel":
		return redisFailure(logs.Address(), err)
	}
	return nil
}

// follow shows what the subscription has until ctx ends, which is no error.
func (t *tail) follow(ctx context.Context, subscription *store.Subscription) error {
	for {
		update, err := subscription.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("watch the log: %w", err)
		}
		if err := t.show(ctx, update); err != nil {
			return err
		}
	}
}

func (c *tailCommand) subscribe(logs *store.Store) (*store.Subscription, error) {
	if c.All {
		return logs.SubscribeEveryone("")
	}
	return logs.Subscribe(c.Username, "")
}

// nothingYet is said where there is nothing to show at the start.
func (c *tailCommand) nothingYet() string {
	if c.All {
		return "No logs yet. Waiting."
	}
	return fmt.Sprintf("No logs for %s yet. Waiting.", visibleUser(c.Username))
}

// line returns how an entry is shown, and how what is missing before it. A line of JSON says both.
func (c *tailCommand) line(std streams) (line, missing func(*store.Entry) string, err error) {
	if c.JSON {
		return jsonLine, func(*store.Entry) string { return "" }, nil
	}
	words, err := views.NewWords()
	lines := textLines{words: words, everyone: c.All, every: c.Every, colour: wantsColour(std.out, std.lookupEnv)}
	return lines.line, lines.missing, err
}

// shows says whether an entry is shown. Without --every or --json, tail shows what the user did, and what failed.
func (c *tailCommand) shows(e *store.Entry) bool {
	return c.JSON || !e.OnlyGap() && (c.Every || journey.Notable(*e))
}

// tail shows a subscription: entries on standard output, everything else on standard error.
type tail struct {
	streams
	line       func(*store.Entry) string
	missing    func(*store.Entry) string // what is missing before an entry, in words; "" for nothing
	shows      func(*store.Entry) bool
	nothingYet string                      // said where the log is empty at the start
	lost       func(context.Context)       // tells that the store was lost
	record     func(context.Context) error // writes down that the log is looked at; before that nothing is shown

	state store.State
	begun bool // what the log held at the start has been shown
}

// show prints an update.
func (t *tail) show(ctx context.Context, update store.Update) error {
	if update.State != t.state {
		t.tellState(ctx, update.State)
	}
	if !t.begun && update.State != store.Joining && update.State != store.Lost {
		t.begun = true
		if len(update.Entries) == 0 && !update.Gap {
			fmt.Fprintln(t.err, t.nothingYet)
		}
	}
	if update.Gap {
		fmt.Fprintln(t.err, "Requests may be missing here.")
	}
	if len(update.Entries) > 0 {
		if err := t.record(ctx); err != nil {
			return err
		}
	}
	for _, e := range update.Entries {
		if words := t.missing(e); words != "" {
			fmt.Fprintln(t.err, words)
		}
		if !t.shows(e) {
			continue
		}
		if _, err := fmt.Fprintln(t.out, t.line(e)); err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
	}
	return nil
}

// tellState says what has changed: that the store was lost, and why if it still is; that no
// application reports; that recording is switched off; or that all is well again.
func (t *tail) tellState(ctx context.Context, state store.State) {
	before := t.state
	t.state = state
	switch {
	case state == store.Lost:
		t.lost(ctx)
	case state == store.Silent:
		fmt.Fprintln(t.err, "No application has reported itself for a minute. Waiting for one.")
	case state == store.Off:
		fmt.Fprintln(t.err, "Recording is switched off. Waiting for it.")
	case state == store.Unpublished:
		fmt.Fprintln(t.err, "Publishing is switched off. New requests are shown every two seconds.")
	case before == store.Off:
		fmt.Fprintln(t.err, "Recording is switched on again.")
	case before == store.Lost:
		fmt.Fprintln(t.err, "The log store is back.")
	case before == store.Unpublished:
		fmt.Fprintln(t.err, "Requests are published again.")
	case before == store.Silent:
		fmt.Fprintln(t.err, "An application reports.")
	}
}
