package store

import (
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/mask"
)

// preparer makes entries ready to be written. All writers of a process share one.
type preparer struct {
	application string
	mask        *mask.Masker
	repeats     *repeats
	ids         *entryIDs
	traffic     traffic
	retention   time.Duration
	unnamed     *unnamedLosses
	references  *references
}

func newPreparer(r *recorder, keys keys.Keys, options Options, sharded bool) *preparer {
	return &preparer{
		application: options.Application, mask: mask.New(options.MaskQuery, options.AllowQuery),
		repeats: newRepeats(keys, sharded), ids: newEntryIDs(), retention: options.Retention, unnamed: r.queue.gaps.unnamed,
		references: newReferences(keys, options),
	}
}

// process is the name of this process, which its ids begin with.
func (p *preparer) process() string { return strings.TrimSuffix(p.ids.process, "-") }

// prepare counts and masks a batch, gives every entry its id and its application, and appends its users to users. It also
// returns how many entries have been cut. Entries that have been prepared already are left as they are.
func (p *preparer) prepare(batch []Entry, users []*knownUser) (of []*knownUser, truncated int) {
	now := time.Now()
	for i := range batch {
		e := &batch[i]
		u := p.repeats.of(e.Username)
		users = append(users, u)
		if e.turn.prepared {
			continue
		}
		e.turn.prepared = true
		if e.ID == "" {
			e.ID = p.ids.next()
		}
		if e.Application == "" {
			e.Application = p.application
			e.cut(&e.Application)
		}
		p.unnamed.tell(u, e, now, p.retention)
		if e.OnlyGap() {
			continue
		}
		p.traffic.add(e, now)
		e.mask(p.mask)
		if e.Truncated {
			truncated++
		}
		p.repeats.note(u, e)
	}
	return users, truncated
}
