package live

import "context"

// lookForTeams asks what colleagues do about users, and tells the pages of those where that has changed.
func (h *Hub) lookForTeams(ctx context.Context, usernames ...string) {
	if h.options.Teams == nil || len(usernames) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, accessInterval)
	defer cancel()
	teams := h.options.Teams(ctx, usernames)
	h.mu.Lock()
	defer h.mu.Unlock()
	for username, team := range teams {
		audience := h.audiences[username]
		if audience == nil {
			continue
		}
		if before := audience.team.Load(); before == nil || !before.Equal(team) {
			audience.team.Store(&team)
			audience.wake()
		}
	}
}

// TeamChanged says that a colleague has just done something about a user. Pages of this process are told at once, and those of others within
// two seconds. It waits for Redis for two seconds at most.
func (h *Hub) TeamChanged(ctx context.Context, username string) {
	h.mu.Lock()
	watched := h.audiences[username] != nil
	h.mu.Unlock()
	if watched {
		h.lookForTeams(context.WithoutCancel(ctx), username)
	}
}

// meetTeam finds out what colleagues do about the user whose page has just come, unless that is known.
func (h *Hub) meetTeam(v *viewer) {
	if v.watch.hasSteps() && v.audience.team.Load() == nil {
		h.background.Go(func() {
			err := safely(func() error { h.lookForTeams(h.reading, v.watch.Username); return nil })
			if err != nil {
				h.log.Error("userlog: it could not be asked what colleagues do", "err", err)
			}
		})
	}
}
