package handlers

import (
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// NewWith is [New] with files and pages that are there already, cheap passwords, and sockets that last so
// long where the login is somebody else's; 0 is a minute. Parsing pages takes longer than most tests, which
// need an admin each. The options have to be right, and to have a logger.
func NewWith(logs *store.Store, options Options, assets *static.Assets, pages *views.Set, loginInterval time.Duration) *Admin {
	return newAdmin(logs, options, assets, pages, tuning{passwordCost: CheapCost, loginInterval: loginInterval})
}

// CheapCost is what passwords cost in tests. It is the least that argon2id takes.
var CheapCost = auth.Cost{Memory: 8, Passes: 1, Threads: 1}

// SetBodyTimeout says how long a body may take from now on.
func (a *Admin) SetBodyTimeout(d time.Duration) { a.bodyTimeout = d }

// BelieveSilence has pages say that no application reports as soon as none does.
func (a *Admin) BelieveSilence() {
	w := a.reporting
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sinceMu.Lock()
	defer w.sinceMu.Unlock()
	w.interval, w.late = 0, 0
}
