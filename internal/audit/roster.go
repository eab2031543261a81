package audit

import (
	"context"
	"crypto/sha256"
	_ "embed" // of the scripts
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	rosterTimeout = 2 * time.Second
	// claimGrace is how much later than [ViewingTimeout] the end of a viewing is recorded. A process that serves the viewing has
	// noted signs of life three times meanwhile, also after an outage of Redis.
	claimGrace = 3 * sweepInterval
	// rosterChunk bounds how long a script keeps others waiting.
	rosterChunk = 500
)

// The scripts run where Redis is, so that its clock decides for all processes.
var (
	//go:embed roster_resume.lua
	resumeScript string
	//go:embed roster_note.lua
	noteScript string
	//go:embed roster_claim.lua
	claimScript string
	//go:embed roster_looking.lua
	lookingScript string
)

// Roster notes in Redis which viewings are under way. So a viewing goes on where its process has ended, or where its next
// request reaches another process. All methods may be called from several goroutines.
//
// The roster has nothing that the audit log does not have. A viewing leaves it about a minute after its end.
type Roster struct {
	client                          redis.UniversalClient
	keys                            []string
	resumes, notes, claims, lookers *redis.Script

	timeout time.Duration // the constant, but for tests
}

// NewRoster returns the roster that client's Redis holds. It doesn't connect, and doesn't close client.
func NewRoster(client redis.UniversalClient, keys Keys) *Roster {
	return &Roster{
		client: client, keys: []string{keys.Viewings(), keys.ViewingsSeen()},
		resumes: redis.NewScript(resumeScript), notes: redis.NewScript(noteScript), claims: redis.NewScript(claimScript),
		lookers: redis.NewScript(lookingScript), timeout: rosterTimeout,
	}
}

// rostered is a viewing as the roster has it.
type rostered struct {
	Viewing

	began       int64     // number of the record of its beginning
	first, last time.Time // signs of life; by Redis' clock where the roster returned them, else by this process'
}

// ended is the record of its end.
func (r rostered) ended() Record {
	end := r.record()
	end.Action, end.Detail = ViewEnded, string(r.Action)
	end.Began, end.Duration = r.began, max(0, r.last.Sub(r.first))
	return end
}

// resume finds a viewing that is under way, or else one that is over and whose end nobody has recorded. Each is nil where
// there is none.
func (r *Roster) resume(ctx context.Context, viewing Viewing) (going, over *rostered, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	found, err := r.resumes.Run(ctx, r.client, r.keys, idOf(viewing), ViewingTimeout.Milliseconds()).StringSlice()
	if err != nil {
		return nil, nil, fmt.Errorf("look for a viewing under way: %w", err)
	}
	if len(found) != 3 {
		return nil, nil, nil
	}
	noted, ok := parseRostered(found[1], found[2])
	switch {
	case !ok || noted.Viewing != viewing: // not written by us: it counts as none
		return nil, nil, nil
	case found[0] == "going":
		return &noted, nil, nil
	}
	return nil, &noted, nil
}

// note notes viewings and their last signs of life, and returns them as they are noted now. Where another process has noted
// a viewing before, its beginning is the one that counts.
func (r *Roster) note(ctx context.Context, viewings []rostered) ([]rostered, error) {
	var all []rostered
	for some := range slices.Chunk(viewings, rosterChunk) {
		noted, err := r.noteSome(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("note viewings under way: %w", err)
		}
		all = append(all, noted...)
	}
	return all, nil
}

func (r *Roster) noteSome(ctx context.Context, viewings []rostered) ([]rostered, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	args := make([]any, 0, 3*len(viewings))
	for _, v := range viewings {
		line, err := json.Marshal(rosterLine{v.Actor, v.Action, v.Subject, v.Reason, v.began})
		if err != nil {
			return nil, err
		}
		args = append(args, idOf(v.Viewing), max(0, time.Since(v.last).Milliseconds()), line)
	}
	lines, err := r.notes.Run(ctx, r.client, r.keys, args...).StringSlice()
	if err != nil {
		return nil, err
	}
	noted := slices.Clone(viewings)
	for i, line := range lines {
		if found, ok := parseRostered(line, "0"); ok && i < len(noted) && found.Viewing == noted[i].Viewing {
			noted[i].began = found.began
		}
	}
	return noted, nil
}

// claim takes viewings off the roster that are over. Each is claimed by one process only, which has to record its end.
func (r *Roster) claim(ctx context.Context) ([]rostered, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	age := ViewingTimeout + claimGrace
	lines, err := r.claims.Run(ctx, r.client, r.keys, age.Milliseconds(), rosterChunk).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("look for viewings that are over: %w", err)
	}
	var over []rostered
	for pair := range slices.Chunk(lines, 2) {
		if found, ok := parseRostered(pair[0], pair[1]); ok {
			over = append(over, found)
		}
	}
	return over, nil
}

// lookingFor is how long after the last sign of life somebody still looks. Processes note one every [sweepInterval].
const lookingFor = 3 * sweepInterval

// maxLooking is how many viewings [Roster.Looking] returns.
const maxLooking = 5000

// Looking returns the viewings that are going on now, in whichever process, as far as the roster knows. One that has begun is there at once, and one that
// has ended for up to 15 seconds. Of more than 5,000, those with the oldest signs of life are left out. It waits for Redis for two seconds
// at most.
func (r *Roster) Looking(ctx context.Context) ([]Viewing, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	lines, err := r.lookers.Run(ctx, r.client, r.keys, lookingFor.Milliseconds(), maxLooking).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("read which viewings go on: %w", err)
	}
	var looking []Viewing
	for _, line := range lines {
		if found, ok := parseRostered(line, "0"); ok {
			looking = append(looking, found.Viewing)
		}
	}
	return looking, nil
}

// rosterLine is a viewing as it stands in the roster, behind the time at which it was noted first.
type rosterLine struct {
	Actor   Actor  `json:"actor"`
	Action  Action `json:"action"`
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Began   int64  `json:"began"`
}

// parseRostered reads a line of the roster, and the last sign of life in Unix milliseconds.
func parseRostered(noted, seen string) (rostered, bool) {
	at, text, _ := strings.Cut(noted, " ")
	first, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return rostered{}, false
	}
	last, err := strconv.ParseInt(seen, 10, 64)
	var line rosterLine
	if err != nil || json.Unmarshal([]byte(text), &line) != nil || line.Began < 1 {
		return rostered{}, false
	}
	viewing := Viewing{Actor: line.Actor, Action: line.Action, Subject: line.Subject, Reason: line.Reason}
	return rostered{Viewing: viewing, began: line.Began, first: time.UnixMilli(first), last: time.UnixMilli(last)}, true
}

// idOf names a viewing in the roster. Viewings that differ in any field have different names.
func idOf(v Viewing) string {
	line, _ := json.Marshal(rosterLine{v.Actor, v.Action, v.Subject, v.Reason, 0}) // texts can always be marshalled
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}
