package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// teamRules are the rules of which webhooks tell a team, and how these are sent.
type teamRules struct {
	*rules.Rules

	messages webhook.Reader
}

// newTeamRules returns what a store's Redis has of them.
func newTeamRules(logs *store.Store, log *audit.Log) teamRules {
	keys := webhook.Keys{Prefix: logs.KeyPrefix()}
	return teamRules{&rules.Rules{Client: logs.Client(), Keys: keys, Log: log}, webhook.Reader{Client: logs.Client(), Keys: keys}}
}

// ruleList shows superusers of what a team is told, and where that goes.
func (s *site) ruleList(c *gin.Context) {
	s.showRules(c, http.StatusOK, views.Rules{Message: views.Done(views.Change(c.Query("done")))})
}

func (s *site) showRules(c *gin.Context, status int, p views.Rules) {
	ctx := c.Request.Context()
	all, listing := s.rules.List(ctx)
	states, reading := s.rules.messages.States(ctx)
	watched, asking := s.rules.messages.HasLeader(ctx)
	if err := errors.Join(listing, reading, asking); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	p.Layout, p.Rules, p.States, p.Unwatched, p.Destinations = s.layout(c, views.SectionRules), all, states, !watched, s.options.Destinations()
	p.Layout.Current = s.base + "/rules" // a language switch must not lead to the form's POST
	html, err := s.views.Rules(p)
	s.answer(c, status, html, err)
}

// addRule makes a rule.
func (s *site) addRule(c *gin.Context) {
	typed := views.Rules{Count: strings.TrimSpace(c.PostForm("count")), Username: c.PostForm("username")}
	rule := rules.Rule{Kind: rules.Kind(c.PostForm("kind"))}
	switch rule.Kind {
	case rules.ManyFail:
		rule.Count, _ = strconv.Atoi(typed.Count) // 0 is refused
	case rules.UserFails:
		rule.Username = typed.Username
	default:
		s.showError(c, views.Error{Status: http.StatusNotFound})
		return
	}
	s.ruleChanged(c, s.rules.Add(c.Request.Context(), s.actor(c), rule), views.RuleMade, typed)
}

// removeRule removes a rule.
func (s *site) removeRule(c *gin.Context) {
	s.ruleChanged(c, s.rules.Remove(c.Request.Context(), s.actor(c), c.PostForm("id")), views.RuleRemoved, views.Rules{})
}

// ruleChanged says what came of a change.
func (s *site) ruleChanged(c *gin.Context, err error, done views.Change, typed views.Rules) {
	switch typed.Message = views.Refusal(err); {
	case typed.Message != nil:
		s.showRules(c, http.StatusUnprocessableEntity, typed)
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	default:
		c.Redirect(http.StatusSeeOther, s.base+"/rules?done="+string(done))
	}
}
