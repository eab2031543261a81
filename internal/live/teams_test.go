package live

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// A reader is told of colleagues with the first frame, and then only of what changes for her.
func TestAReaderIsToldWhatChangesForHer(t *testing.T) {
	watch := Watch{Username: "ada", Lang: "en", Access: auth.Access{Account: "vera", Role: auth.Viewer}}
	page := newHTMLEncoder(newPages(t), newRenderCache(), time.Now, watch, newSharedSteps(25, func() ([]store.Entry, error) { return nil, nil }))
	meet := func(team *views.Team) string {
		t.Helper()
		messages, err := page.meet(team)
		if err != nil || len(messages) > 1 {
			t.Fatalf("%d messages, %v", len(messages), err)
		}
		if len(messages) == 0 {
			return ""
		}
		return string(messages[0])
	}
	if got := meet(&views.Team{Notes: []team.Note{{ID: "1:a", By: "willi", Text: "calls back"}}}); got != "" {
		t.Errorf("before the first frame: %s", got)
	}
	frames, err := page.encode(store.Update{State: store.Live})
	if err != nil || len(frames) != 1 || !strings.Contains(string(frames[0]), "calls back") || !strings.Contains(string(frames[0]), `hx-target="#connection"`) {
		t.Fatalf("the first frame: %q, %v", frames, err)
	}
	alone := &views.Team{}
	for _, c := range []struct {
		what string
		team *views.Team
		want string
	}{
		{"the note is deleted", alone, "Nobody is on it"},
		{"nothing is known for a moment", nil, ""},
		{"only she looks", &views.Team{Looking: []string{"vera"}}, ""},
		{"another one looks, too", &views.Team{Looking: []string{"root", "vera"}}, "Also looking now:"},
		{"Redis does not say who looks", &views.Team{LookingLost: true}, "Who else is looking can’t be shown now"},
		{"Redis says nothing of it", &views.Team{Lost: true}, "can’t be shown now"},
		{"it does again", &views.Team{Handling: team.Handling{State: team.OnIt, By: "vera"}}, "You are on it"},
	} {
		if got := meet(c.team); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.what, got)
		}
	}
}

// The hub asks about all watched users at once, and wakes only those to whom something is new. One that nobody watches any more is forgotten.
func TestTeamsOfWatchedUsers(t *testing.T) {
	answer := map[string]views.Team{"ada": {Looking: []string{"vera"}}, "bob": {}}
	var asked []string
	hub := NewHub(nil, nil, Options{Teams: func(_ context.Context, usernames []string) map[string]views.Team {
		asked = append(asked, strings.Join(usernames, " "))
		return answer
	}})
	hub.mu.Lock()
	ada := hub.enterAudience("ada")
	hub.mu.Unlock()
	hub.lookForTeams(t.Context(), "ada", "bob")
	first := ada.team.Load()
	if first == nil || !first.Equal(answer["ada"]) {
		t.Fatalf("known is %+v", first)
	}
	hub.lookForTeams(t.Context(), "ada")
	if ada.team.Load() != first {
		t.Error("the same again is news")
	}
	answer["ada"] = views.Team{}
	hub.TeamChanged(t.Context(), "nobody")
	hub.TeamChanged(t.Context(), "ada")
	if now := ada.team.Load(); now == first || !now.Equal(views.Team{}) {
		t.Errorf("known is %+v", now)
	}
	answer["ada"] = views.Team{LookingLost: true}
	hub.TeamChanged(t.Context(), "ada")
	if now := ada.team.Load(); !now.LookingLost {
		t.Errorf("where it is not known who looks, known is %+v", now)
	}
	if got := strings.Join(asked, ", "); got != "ada bob, ada, ada, ada" {
		t.Errorf("asked was %q", got)
	}
	hub.mu.Lock()
	hub.leaveAudience("ada")
	hub.mu.Unlock()
	hub.background.Wait()
}
