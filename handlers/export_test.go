package handlers

import (
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// NewWith is [New] with files and pages that are there already: parsing them takes longer than most
// tests, which need an admin each. The options have to be right, and to have a logger.
func NewWith(logs *store.Store, options Options, assets *static.Assets, pages *views.Set) *Admin {
	return newAdmin(logs, options, assets, pages, CheapCost)
}

// CheapCost is what passwords cost in tests. It is the least that argon2id takes.
var CheapCost = auth.Cost{Memory: 8, Passes: 1, Threads: 1}

// SetLoginInterval says how long sockets last from now on whose viewers came by somebody else's login.
func (a *Admin) SetLoginInterval(d time.Duration) { a.loginInterval = d }

// SetBodyTimeout says how long a body may take from now on.
func (a *Admin) SetBodyTimeout(d time.Duration) { a.bodyTimeout = d }
