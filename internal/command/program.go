package command

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/demo"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// program is a store and the admin that shows it, which is what "serve" and "demo" are made of.
type program struct {
	logs  *store.Store
	admin *handlers.Admin
	log   *slog.Logger

	secure      bool          // browsers come by https, also where this process doesn't see it
	bodyTimeout time.Duration // the constant, but for tests
}

// newProgram opens the store and builds the admin. It connects to nothing: its errors are mistakes
// in the flags. Close the program.
func newProgram(flags storeFlags, options handlers.Options, log *slog.Logger) (*program, error) {
	keep, err := flags.options(log)
	if err != nil {
		return nil, err
	}
	logs, err := flags.open(keep)
	if err != nil {
		return nil, err
	}
	redirectRedis(log)
	options.Logger = log
	admin, err := handlers.New(logs, options)
	if err != nil {
		closeStore(context.Background(), logs, log) // nothing has been recorded: it takes no time
		return nil, usageError{plain(err)}
	}
	return &program{logs: logs, admin: admin, log: log, secure: options.SecureCookies, bodyTimeout: bodyTimeout}, nil
}

// adminOnly is the web site of "userlog serve": the admin below base, and nothing else.
func (p *program) adminOnly(base basePath) (http.Handler, error) {
	engine, err := p.engine(slog.LevelError, p.admin.Recovered)
	if err != nil {
		return nil, err
	}
	engine.Use(strictTransport(p.secure))
	if home := base.prefix() + "/"; home != "/" {
		engine.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, home) })
	}
	p.admin.Mount(engine.Group(base.prefix()))
	engine.NoRoute(p.admin.NotFound)
	return withoutPrefix(engine), nil
}

// strictTransport has browsers come by https only, for a year, once they have come by https: what ASVS
// 5, 3.4.1 asks for. It is for a site of our own: an application that mounts the admin decides for its
// domain itself. Subdomains are not ours to decide about.
func strictTransport(always bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		if always || c.Request.TLS != nil {
			c.Header("Strict-Transport-Security", "max-age=31536000")
		}
	}
}

// shopPath is where the admin is in the demo.
const shopPath = "/userlog"

// withShop is the web site of "userlog demo": a shop whose requests are recorded, and the admin. It
// is what an application that embeds userlog looks like.
func (p *program) withShop(shop *demo.Shop) (http.Handler, error) {
	// The shop has a page that breaks on purpose: it must not bury what the demo has printed.
	engine, err := p.engine(slog.LevelDebug, shop.Recovered)
	if err != nil {
		return nil, err
	}
	engine.Use(middleware.Track(p.logs, shop.Username, middleware.Options{Ignore: []string{"^/assets/"}, PageNames: shop.PageNames()}))
	shop.AdminPath = shopPath + "/"
	shop.Routes(engine)
	p.admin.Mount(engine.Group(shopPath))
	engine.NoRoute(shop.NotFound)
	return withoutPrefix(engine), nil
}

// engine returns a Gin engine with what every program of ours has: it survives panics, logs what
// went wrong, believes no proxy, and can be asked how it is. broken answers after a panic, which is
// logged at the level panics.
func (p *program) engine(panics slog.Level, broken gin.RecoveryFunc) (*gin.Engine, error) {
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("set up the web server: %w", err)
	}
	engine.Use(recovery(p.log, panics, broken), logErrors(p.log))
	addHealth(engine, p.logs)
	return engine, nil
}

// withoutPrefix is site for clients that claim a proxy has taken something off the path: Gin believes that
// of anybody where it adds or takes a slash by itself, and nothing else here asks for it.
func withoutPrefix(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("X-Forwarded-Prefix")
		site.ServeHTTP(w, r)
	})
}

// close ends what watches the log, and then the log, within a few seconds. What goes wrong meanwhile
// is logged: the program ends anyway.
func (p *program) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := p.admin.Close(ctx); err != nil {
		p.log.Warn("some live pages were cut off", "err", err)
	}
	closeStore(ctx, p.logs, p.log)
}

// closeStore writes what waits to be written and closes the store, or logs that ctx ended first.
func closeStore(ctx context.Context, logs *store.Store, log *slog.Logger) {
	if err := logs.Close(ctx); err != nil {
		log.Warn("the log store did not close in time", "err", err)
	}
}
