package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/webhook"
)

// lately is how long ago what failed is still of interest: what was mended since may not have been tried again.
const lately = 24 * time.Hour

// webhooks are rules that nobody watches, and destinations that messages don't reach.
func webhooks(ctx context.Context, p *patient) (found []Finding, err error) {
	keys := webhook.Keys{Prefix: p.logs.KeyPrefix()}
	messages := webhook.Reader{Client: p.logs.Client(), Keys: keys}
	all, listing := (&rules.Rules{Client: p.logs.Client(), Keys: keys}).List(ctx)
	watched, asking := messages.HasLeader(ctx)
	states, reading := messages.States(ctx)
	if len(all) > 0 && !watched && asking == nil {
		found = append(found, Finding{Name: "rules-unwatched", Grave: true})
	}
	for _, s := range states {
		if s.Failing() && p.logs.Now().Sub(s.At) < lately {
			found = append(found, Finding{Name: "webhook-failing", Grave: true, Subject: s.Name, Count: max(s.Failed, s.Lost)})
		}
	}
	return found, errors.Join(listing, asking, reading)
}
