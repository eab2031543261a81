package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/demo"
)

const (
	demoSuperuser    = "admin"
	demoSite         = "The Relay Room" // what the shop calls itself
	maxDemoCustomers = 1000
)

// demoCommand is "userlog demo".
type demoCommand struct {
	Addr       address `default:"127.0.0.1:8080" help:"Where to listen: host:port; port 0 takes a free one."`
	Customers  number  `default:"5" help:"How many simulated customers browse the shop."`
	Password   string  `help:"The password of the superuser; by default one is generated."`
	storeFlags `embed:"" set:"redis_need=Without it the log is kept in this program and lost at exit."`
	logFlags   `embed:""`
}

// Run is called by kong.
func (c *demoCommand) Run(ctx context.Context, std streams) error {
	if c.Customers < 0 || c.Customers > maxDemoCustomers {
		return usage("--customers is %d: use 0 to %d", c.Customers, maxDemoCustomers)
	}
	shop, err := demo.NewShop()
	if err != nil {
		return err
	}
	log, _ := c.logger(std.err)
	std.redirectLibraries(log)
	p, err := newProgram(c.storeFlags, handlers.Options{UserExists: shop.Exists}, log)
	if err != nil {
		return err
	}
	defer p.close()
	site, err := p.withShop(shop)
	if err != nil {
		return err
	}
	where, err := listen(ctx, c.Addr, nil)
	if err != nil {
		return err
	}
	how, err := c.createSuperuser(ctx, p)
	if err != nil {
		where.Close()
		return err
	}
	c.welcome(std.out, where.origin(), how)

	var browsing sync.WaitGroup
	defer browsing.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	browsing.Go(func() {
		customers := demo.Customers{BaseURL: where.origin(), Count: int(c.Customers)}
		if err := customers.Run(ctx); err != nil {
			p.log.Error("the simulated customers stay at home", "err", err)
		}
	})
	return p.serve(ctx, where, onlyOwnHosts(hostFlags{}.check(where, nil), where, site))
}

// createSuperuser makes sure that there is one, and returns how to log in as it. An account that
// is in Redis already keeps its password unless the flag sets one.
func (c *demoCommand) createSuperuser(ctx context.Context, p *program) (how string, err error) {
	password := c.Password
	how = "with the password that you chose"
	if password == "" {
		password = rand.Text()
		how = "with the password " + password
	} else if err := auth.CheckPassword(password, demoSuperuser, demoSite); err != nil {
		return "", usage("--password: %w", err)
	}
	who := superuser{name: demoSuperuser, password: password}
	err = who.create(ctx, p.logs)
	if errors.Is(err, auth.ErrAccountExists) {
		if c.Password == "" {
			return "with the password that it had before; --password sets another", nil
		}
		err = who.reset(ctx, p.logs)
	}
	if err != nil {
		return "", fmt.Errorf("can't create the superuser %s: %w", demoSuperuser, redisFailure(p.logs.Address(), err))
	}
	return how, nil
}

// welcome prints where to go, once.
func (c *demoCommand) welcome(w io.Writer, origin, how string) {
	fmt.Fprintf(w, "The shop:       %s/\n", origin)
	fmt.Fprintf(w, "Who is in it:   %s%s/\n", origin, shopPath)
	fmt.Fprintf(w, "Log in there as %s, %s.\n\n", demoSuperuser, how)
	if c.Customers > 0 {
		fmt.Fprintf(w, "Customers are browsing already: %d. ", c.Customers)
	}
	// No simulated customer has the next name, so the person who logs in with it sees nobody else's requests in that log.
	fmt.Fprintf(w, "Log in to the shop as %s in another window to watch yourself. Ctrl-C ends the demo.\n", demo.CustomerName(int(c.Customers)))
}
