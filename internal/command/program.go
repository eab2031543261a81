package command

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/demo"
	"github.com/gin-userlog/userlog/internal/passkeys"
	"github.com/gin-userlog/userlog/internal/tracing"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// program is a store and the admin that shows it, which is what "serve" and "demo" are made of.
type program struct {
	logs  *store.Store
	words views.Words
	admin *handlers.Admin
	log   *slog.Logger

	tracer    *tracing.Tracer // nil where no traces are sent
	meters    *meters         // nil where nothing is measured
	accessLog bool            // a line is logged for each request

	supervisor supervisor // hears how the program does

	options       handlers.Options
	copies        auditCopies   // of the audit log
	webhooks      *webhooks     // nil = nothing is sent
	bodyTimeout   time.Duration // the constant, but for tests
	answerTimeout time.Duration // 0 = the constant; tests set it
	drain         time.Duration // how long everything is still served after the program was asked to end; 0 = not at all
	draining      atomic.Bool   // the program was asked to end
}

// newProgram opens the store and builds the admin. It connects to nothing: its errors are mistakes
// in the flags. Close the program.
func newProgram(flags storeFlags, options handlers.Options, log *slog.Logger) (*program, error) {
	keep, err := flags.options(log)
	if err != nil {
		return nil, err
	}
	words, err := views.NewWords()
	if err != nil {
		return nil, err
	}
	logs, err := flags.open(keep)
	if err != nil {
		return nil, err
	}
	options.Logger, options.Passkeys = log, passkeys.Verifier{}
	admin, err := handlers.New(logs, options)
	if err != nil {
		closeStore(context.Background(), logs, log) // nothing has been recorded: it takes no time
		return nil, usageError{plain(err)}
	}
	return &program{logs: logs, words: words, admin: admin, log: log, options: options, bodyTimeout: bodyTimeout}, nil
}

// adminOnly is the web site of "userlog serve": the admin below base, and nothing else.
func (p *program) adminOnly(base basePath) (http.Handler, error) {
	engine, err := p.engine(slog.LevelError, p.admin.Recovered)
	if err != nil {
		return nil, err
	}
	engine.Use(strictTransport(p.options.SecureCookies))
	if home := strings.TrimPrefix(base.prefix()+"/", "/"); home != "" {
		engine.GET("/", func(c *gin.Context) {
			c.Header("Location", home) // relative: it holds behind a proxy that takes something off the path, too
			c.Status(http.StatusFound)
		})
	}
	p.admin.Mount(engine.Group(base.prefix()))
	engine.NoRoute(p.admin.NotFound)
	return p.behindProxies(engine), nil
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
	engine.Use(middleware.Track(p.logs, shop.Username, middleware.Options{
		Ignore: []string{"^/assets/"}, PageNames: shop.PageNames(), Visitors: middleware.Visitors{From: middleware.VisitorsAsked},
	}))
	shop.AdminPath = shopPath + "/"
	shop.Routes(engine)
	p.admin.Mount(engine.Group(shopPath))
	engine.NoRoute(shop.NotFound)
	return p.behindProxies(engine), nil
}

// close ends the viewings of the log, then the log, and then the traces of both, within a few seconds. Errors are only logged: the
// program ends anyway.
func (p *program) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := p.admin.Close(ctx); err != nil {
		p.log.Warn("some live pages were cut off", "err", err)
	}
	p.copies.close(ctx, p.log)
	closeStore(ctx, p.logs, p.log)
	p.tracer.Close(ctx)
}

// closeStore writes what waits to be written and closes the store, or logs that ctx ended first.
func closeStore(ctx context.Context, logs *store.Store, log *slog.Logger) {
	if err := logs.Close(ctx); err != nil {
		log.Warn("the log store did not close in time", "err", err)
	}
}
