package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// serveCommand is "userlog serve".
type serveCommand struct {
	Addr              address  `default:"127.0.0.1:8080" help:"Where to listen: host:port, or unix:/path for a socket; port 0 takes a free one. A socket of systemd goes before it."`
	BasePath          basePath `default:"/userlog" help:"The path of the admin; / for the root."`
	LiveURL           string   `name:"live-url" placeholder:"URL" help:"Where live pages connect to, if not to the admin itself: wss://live.example.com/userlog/live/socket."`
	Language          string   `placeholder:"LANG" help:"The language of the admin for everybody, such as en or ar; by default the browser's."`
	AllowedOrigin     []string `placeholder:"ORIGIN" help:"An origin, such as https://admin.example.com, whose pages may connect to this program's live logs; repeat it for more."`
	SiteURL           string   `name:"site-url" placeholder:"URL" help:"The site that is watched, such as https://shop.example.com: it stands in front of addresses that are copied from a log."`
	TraceURL          string   `name:"trace-url" placeholder:"URL" help:"Where a request is found in your tracing or log system: https://traces.example.com/search?id={request_id}."`
	CookieDomain      string   `placeholder:"DOMAIN" help:"The domain, such as example.com, with whose subdomains the login is shared; by default with none."`
	Drain             duration `default:"5s" help:"How long everything is still served after SIGTERM, while /readyz says 503; then live pages are closed one after another, within three seconds. 0s for not at all."`
	SecureCookies     bool     `help:"Send the login's cookie by https only; set it behind a proxy that speaks https."`
	AllowEviction     bool     `help:"Start also where Redis drops any key when its memory is full (maxmemory-policy allkeys-…), so that accounts and the audit log can vanish."`
	RequireReason     bool     `help:"Have everybody state a reason, such as the number of a ticket, before a log opens; it holds for 30 minutes, and is written to the audit log."`
	tlsFlags          `embed:""`
	proxyFlags        `embed:""`
	signOnFlags       `embed:""`
	auditCopyFlags    `embed:""`
	hostFlags         `embed:""`
	connectionFlags   `embed:""`
	directoryFlags    `embed:""`
	webhookFlags      `embed:""`
	metricsFlags      `embed:""`
	superuserFlags    `embed:""`
	secondFactorFlags `embed:""`
	storeFlags        `embed:"" set:"redis_need=Without it the log is kept in this program: no application can write to it, and it is lost at exit."`
	logFlags          `embed:""`
}

// Run is called by kong.
func (c *serveCommand) Run(ctx context.Context, std streams, from *settings) error {
	asked, stop := std.hangups()
	defer stop()
	superuser, err := c.superuser(slices.Concat(c.AllowedHosts, []string{c.SiteURL, c.CookieDomain})...)
	if err != nil {
		return err
	}
	log, levels := c.logger(std.err)
	std.redirectLibraries(log)
	limitMemory(log)
	config, err := c.tlsFlags.config(log)
	if err != nil {
		return err
	}
	options, endDirectory, err := c.options(log)
	if err != nil {
		return err
	}
	defer endDirectory()
	if c.Drain < 0 {
		return usage("--drain is %s: use a duration such as 5s, or 0s for none", time.Duration(c.Drain))
	}
	p, err := c.program(ctx, options, log)
	if err != nil {
		return err
	}
	defer p.close()
	p.supervisor = newSupervisor(std.lookupEnv, log)
	p.trace(std.lookupEnv)
	if err := p.measure(c.MetricsAddr); err != nil {
		return err
	}
	return c.serve(ctx, std, p, config, superuser, func(ctx context.Context) { from.reloading(ctx, asked, p.supervisor, levels, log) })
}

// program is the program with what it writes and sends besides. Close it.
func (c *serveCommand) program(ctx context.Context, options handlers.Options, log *slog.Logger) (*program, error) {
	destinations, err := c.webhookFlags.apply(&options, log)
	if err != nil {
		return nil, err
	}
	words, err := views.NewWordsIn(c.Language)
	if err != nil {
		return nil, err
	}
	copies, err := c.auditCopyFlags.open(log)
	if err != nil {
		return nil, err
	}
	options.AuditCopy = copies.option()
	p, err := newProgram(c.storeFlags, options, log)
	if err != nil {
		copies.close(ctx, log) // which are empty
		return nil, err
	}
	p.copies, p.drain, p.accessLog = copies, time.Duration(c.Drain), c.AccessLog
	p.webhooks = c.webhookFlags.webhooks(p, destinations, words)
	return p, nil
}

// serve serves p until ctx ends. Beside it first is created, and reloading is done.
func (c *serveCommand) serve(ctx context.Context, std streams, p *program, config *tls.Config, first superuser, reloading func(context.Context)) error {
	known, err := c.checkEviction(ctx, p)
	if err != nil {
		return err
	}
	site, err := p.adminOnly(c.BasePath)
	if err != nil {
		return err
	}
	where, err := c.listen(ctx, std.lookupEnv, config, p.options.TrustedProxies)
	if err != nil {
		return err
	}
	endMetrics, err := p.serveMetrics(ctx, c.MetricsAddr)
	if err != nil {
		where.Close()
		return err
	}
	defer endMetrics()
	site = isolated(onlyOwnHosts(c.hostFlags.check(where, p.options.TrustedProxies), where, site))
	address := where.origin() + c.BasePath.prefix() + "/"
	fmt.Fprintf(std.out, "The admin is at %s\n", address)
	p.supervisor.serving(address)
	var beginning sync.WaitGroup
	defer beginning.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	beginning.Go(func() { reloading(ctx) })
	beginning.Go(func() { returnMemory(ctx) })
	beginning.Go(func() { p.supervisor.watch(ctx, p.works) })
	beginning.Go(func() { p.webhooks.run(ctx) })
	beginning.Go(func() {
		if err := c.begin(ctx, p, first, known); err != nil {
			cancel(err)
		}
	})
	err = p.serve(ctx, where, site)
	if evicts := (evictionError{}); errors.As(context.Cause(ctx), &evicts) {
		return evicts
	}
	return err
}

// options are those of the admin. The function ends what stands behind them.
func (c *serveCommand) options(log *slog.Logger) (options handlers.Options, end func(), err error) {
	options = handlers.Options{
		Language: c.Language, LiveURL: c.LiveURL, SiteURL: c.SiteURL, TraceURL: c.TraceURL,
		CookieDomain: c.CookieDomain, SecureCookies: c.SecureCookies, AllowedOrigins: c.AllowedOrigin,
		RequireReason: c.RequireReason,
	}
	if err := c.proxyFlags.apply(&options); err != nil {
		return options, nil, err
	}
	if err := c.signOnFlags.apply(&options); err != nil {
		return options, nil, err
	}
	if err := c.secondFactorFlags.apply(&options); err != nil {
		return options, nil, err
	}
	end, err = c.directoryFlags.apply(&options, log)
	return options, end, err
}

// listen opens the address, or takes the socket that systemd has opened, within the limits of connections.
func (c *serveCommand) listen(ctx context.Context, lookup func(string) (string, bool), config *tls.Config, trusted []netip.Prefix) (endpoint, error) {
	where, err := inherited(lookup, config)
	if err == nil && where.Listener == nil {
		where, err = listen(ctx, c.Addr, config)
	}
	if err == nil {
		where.Listener, err = c.connectionFlags.limit(where.Listener, trusted)
	}
	return where, err
}

// begin does what takes a while, as the program serves already. An error ends the program.
func (c *serveCommand) begin(ctx context.Context, p *program, first superuser, known bool) error {
	c.warn(ctx, p)
	if !known {
		if err := c.awaitEviction(ctx, p); err != nil {
			return err
		}
	}
	first.ensure(ctx, p.logs, p.log)
	c.warnOfNoAccount(ctx, p)
	return nil
}

// warn says what is odd about the log store at the start. The program goes on: everything that
// needs Redis tries again by itself.
func (c *serveCommand) warn(ctx context.Context, p *program) {
	if c.CookieDomain != "" {
		p.log.Warn("every host of the domain receives the login's cookie, and can act as whoever is logged in: use --cookie-domain only where all of them are yours", "domain", c.CookieDomain)
	}
	if c.Redis == "" {
		p.log.Warn("without --redis the log is kept in this program: no application can write to it, and it is lost at exit")
		return
	}
	err := p.logs.PingWrite(ctx)
	switch fault := store.FaultOf(err); {
	case err == nil, ctx.Err() != nil:
	case fault.IsRefusal():
		p.log.Warn("the log store can be reached, and not used: "+p.words.Fault(fault), "address", p.logs.Address(), "err", err)
	default:
		p.log.Warn("the log store can't be reached; trying again until it answers", "address", p.logs.Address(), "err", err)
	}
}

// warnOfNoAccount says what to do where nobody can log in. Where the accounts can't be read, that is
// all there is to say, and has been said.
func (c *serveCommand) warnOfNoAccount(ctx context.Context, p *program) {
	if c.AuthHeader != "" || c.OIDCIssuer != "" {
		return
	}
	accounts, err := auth.NewAccounts(p.logs.Client(), auth.Keys{Prefix: p.logs.KeyPrefix()}, auth.AccountOptions{}).List(ctx)
	switch {
	case err != nil || len(accounts) > 0:
		return
	case c.Redis == "":
		p.log.Warn("nobody can log in: there is no account; start with --superuser and --superuser-password-file")
	default:
		p.log.Warn(`nobody can log in: there is no account; create one with "userlog account create NAME --role superuser --ask-password", and the same --redis and --key-prefix`)
	}
}
