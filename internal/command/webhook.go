package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/rules/watching"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/internal/webhook/sending"
	"github.com/gin-userlog/userlog/views"
)

// webhookFlags say where a team is told of what superusers have made rules about.
type webhookFlags struct {
	WebhookFile    string `placeholder:"FILE" credential:"webhook" help:"The file, in TOML, of destinations that are told when something fails that a rule is about: a table for each, such as [support], with url, and secret or format = \"slack\". It is read again by itself. With it the admin has a page of rules."`
	WebhookDetails bool   `help:"For --webhook-file: tell more than usernames: the address and result of the last failure, and whose requests failed."`
	AdminURL       string `name:"admin-url" placeholder:"URL" help:"For --webhook-file: the admin as browsers reach it, such as https://support.example.com/userlog/. Messages lead there."`
}

// webhooks are what a program sends to destinations. A nil one sends nothing.
type webhooks struct {
	sender     *sending.Sender
	dispatcher *sending.Dispatcher
	watcher    *watching.Watcher
}

// apply checks the flags, and opens the file. Without one it is nil.
func (f webhookFlags) apply(options *handlers.Options, log *slog.Logger) (*sending.File, error) {
	if f.WebhookFile == "" {
		if f.WebhookDetails || f.AdminURL != "" {
			return nil, usage("--webhook-details and --admin-url are of no use without --webhook-file: set %s", variable("webhook-file"))
		}
		return nil, nil
	}
	if u, err := url.Parse(f.AdminURL); f.AdminURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		return nil, usage("--admin-url is not an address such as https://support.example.com/userlog/")
	}
	file, err := sending.OpenFile(f.WebhookFile, log)
	if err != nil {
		return nil, usage("--webhook-file: %w", err)
	}
	options.Destinations = file.Names
	return file, nil
}

// webhooks returns what sends messages about the rules in the program's Redis, in these words.
func (f webhookFlags) webhooks(p *program, file *sending.File, words views.Words) *webhooks {
	if file == nil {
		return nil
	}
	keys := webhook.Keys{Prefix: p.logs.KeyPrefix()}
	queue, sender := sending.NewQueue(p.logs.Client(), keys), sending.NewSender()
	dispatcher := sending.NewDispatcher(sending.DispatcherOptions{Queue: queue, Sender: sender, Destinations: file.Current, Log: p.log})
	watcher := watching.NewWatcher(watching.WatcherOptions{
		Logs: p.logs, Rules: &rules.Rules{Client: p.logs.Client(), Keys: keys}, Queue: queue, Log: p.log,
		Post: dispatcher.Post, Say: words.Notice, Link: f.link(), Detailed: f.WebhookDetails,
	})
	return &webhooks{sender, dispatcher, watcher}
}

// link returns the addresses of pages of the admin, or nil where its own is not known.
func (f webhookFlags) link() func(username string) string {
	if f.AdminURL == "" {
		return nil
	}
	base := strings.TrimSuffix(f.AdminURL, "/")
	return func(username string) string {
		if username == "" {
			return base + "/"
		}
		return base + "/live?" + url.Values{"username": {username}}.Encode()
	}
}

// run watches and sends until ctx ends.
func (w *webhooks) run(ctx context.Context) {
	if w == nil {
		return
	}
	defer w.sender.Close()
	var running sync.WaitGroup
	running.Go(func() { w.dispatcher.Run(ctx) })
	running.Go(func() { w.watcher.Run(ctx) })
	running.Wait()
}

// webhookCommand is "userlog webhook".
type webhookCommand struct {
	Test webhookTestCommand `cmd:"" help:"Send a test message to the destinations of --webhook-file, and say what came back."`
}

// webhookTestCommand is "userlog webhook test".
type webhookTestCommand struct {
	Name        []string `arg:"" optional:"" help:"The names of destinations; by default all of the file."`
	WebhookFile string   `placeholder:"FILE" credential:"webhook" required:"" help:"The file of destinations, as for serve."`
	Language    string   `placeholder:"LANG" help:"The language of the message; by default English."`
}

// Run is called by kong.
func (c *webhookTestCommand) Run(ctx context.Context, std streams) error {
	words, err := views.NewWordsIn(c.Language)
	if err != nil {
		return err
	}
	file, err := sending.OpenFile(c.WebhookFile, slog.New(slog.DiscardHandler))
	if err != nil {
		return usage("--webhook-file: %w", err)
	}
	all, err := c.chosen(file)
	if err != nil {
		return err
	}
	sender := sending.NewSender()
	defer sender.Close()
	message := sending.Message{ID: rand.Text(), Type: "userlog.test", Time: time.Now(), Text: words.TestNotice()}
	refused := 0
	for _, to := range all {
		o := sender.Send(ctx, to, message)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		tellOutcome(std.out, to, o)
		if !o.Delivered() {
			refused++
		}
	}
	if refused > 0 {
		return statusError(exitFailed)
	}
	return nil
}

// chosen are the destinations that were named, or all.
func (c *webhookTestCommand) chosen(file *sending.File) ([]sending.Destination, error) {
	all := file.Current()
	for _, name := range c.Name {
		if !slices.Contains(file.Names(), name) {
			return nil, usage("there is no destination %q in %s: use %s", name, c.WebhookFile, strings.Join(file.Names(), ", "))
		}
	}
	if len(c.Name) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(d sending.Destination) bool { return !slices.Contains(c.Name, d.Name) }), nil
}

// tellOutcome says in sentences what came of a test message, and what to do. The host is told, and not the rest of the URL, which may be secret.
func tellOutcome(w io.Writer, to sending.Destination, o sending.Outcome) {
	took := o.Took.Round(time.Millisecond)
	switch {
	case o.Delivered():
		fmt.Fprintf(w, "%s: %s has taken the message, with status %d, in %s.\n", to.Name, visible(to.Host()), o.Status, took)
		return
	case o.Err != nil:
		fmt.Fprintf(w, "%s: %s gave no answer: %s. See whether its address is right and whether this machine may reach it.\n", to.Name, visible(to.Host()), visible(o.Err.Error()))
		return
	}
	fmt.Fprintf(w, "%s: %s has not taken the message: it answered %d in %s. %s\n", to.Name, visible(to.Host()), o.Status, took, nextAfter(to, o.Status))
	if o.Answer != "" {
		fmt.Fprintf(w, "    It said: %s\n", o.Answer)
	}
}

// nextAfter says what to do about an answer.
func nextAfter(to sending.Destination, status int) string {
	switch {
	case status >= 300 && status < 400:
		return "It leads elsewhere, and that is not followed: write the address to which it leads."
	case (status == 401 || status == 403 || status == 400) && to.Format == sending.Standard:
		return "See whether it has the same secret, and whether the clocks of both are right."
	case status == 404 || status == 410:
		return "Nobody takes messages there: see whether the address is right."
	case status == 429:
		return "It takes no more messages for a while: try again later."
	case status >= 500:
		return "It has failed itself: look into its log. Messages are sent again when it has."
	}
	return "See what it expects."
}
