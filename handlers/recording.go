package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/switches"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// recording shows superusers what applications record, and lets them change it.
func (s *site) recording(c *gin.Context) {
	s.showRecording(c, http.StatusOK, views.Recording{Message: views.Done(views.Change(c.Query("done")))})
}

func (s *site) showRecording(c *gin.Context, status int, p views.Recording) {
	ctx := c.Request.Context()
	set, err := s.logs.Switches(ctx)
	unreadable := errors.Is(err, store.ErrSwitches)
	if err != nil && !unreadable {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	applications, err := s.logs.Applications(ctx)
	p.Partial = err != nil // what is set was read, and may just have been changed
	if status == http.StatusOK {
		p.Switches = set
		if unreadable {
			p.Message = views.SwitchesUnreadable()
		}
	}
	p.Layout, p.Behind = s.layout(c, views.SectionRecording), switches.Behind(set, applications)
	p.Layout.Current = s.base + "/recording" // a language switch must not lead to the form's POST
	html, err := s.views.Recording(p)
	s.answer(c, status, html, err)
}

// changeRecording changes what applications record. A switch that the form does not have stays.
func (s *site) changeRecording(c *gin.Context) {
	set, err := s.logs.Switches(c.Request.Context())
	if err != nil && !errors.Is(err, store.ErrSwitches) {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	set = switchesOf(c, set)
	err = s.switches.Set(c.Request.Context(), s.actor(c), set)
	if message := views.Refusal(err); message != nil {
		s.showRecording(c, http.StatusUnprocessableEntity, views.Recording{Switches: set, Message: message})
		return
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	s.switched.learn(set)
	c.Redirect(http.StatusSeeOther, s.base+"/recording?done="+string(views.RecordingChanged))
}

// switchesOf are switches with the changes of a form.
func switchesOf(c *gin.Context, set store.Switches) store.Switches {
	for _, s := range []struct {
		name, value string
		set         *bool
	}{{"recording", "off", &set.NoRecord}, {"publishing", "off", &set.NoPublish}, {"watch-only", "on", &set.WatchOnly}} {
		if value := c.PostForm(s.name); value == "on" || value == "off" {
			*s.set = value == s.value
		}
	}
	if typed, ok := c.GetPostForm("sample"); ok {
		n, err := strconv.Atoi(strings.TrimSpace(typed))
		if err != nil || n < 1 {
			n = -1 // which is refused
		}
		set.Sample = n
	}
	if typed, ok := c.GetPostForm("ignore"); ok {
		set.Ignore = nil
		for line := range strings.Lines(typed) {
			if line = strings.TrimSpace(line); line != "" {
				set.Ignore = append(set.Ignore, line)
			}
		}
	}
	return set
}
