package views

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/doctor"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// A key of a catalogue stands in the sources as a string, unless it is put together from two.
var (
	inGo       = regexp.MustCompile(`"([a-z]+(?:\.[a-z-]*[a-z])+)"`)
	inTemplate = regexp.MustCompile(`\b(?:t|named|isolated|counted) "([^"]+)"`)
)

// neededKeys lists every key that templates and code ask catalogues for.
func neededKeys(t *testing.T) []string {
	t.Helper()
	keys := composedKeys(t)
	for pattern, find := range map[string]*regexp.Regexp{"*.go": inGo, "templates/*.html": inTemplate} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %q, %v", pattern, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range find.FindAllSubmatch(source, -1) {
				keys = append(keys, string(found[1]))
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// composedKeys are those that code puts together.
func composedKeys(t *testing.T) (keys []string) {
	t.Helper()
	for _, role := range auth.Roles() {
		keys = append(keys, roleKey(role), accountAction{Role: role}.Key())
	}
	for _, name := range []string{"enable", "disable", "link", "sessions", "role", "second-factor"} {
		action := accountAction{Name: name}
		if name != "role" {
			keys = append(keys, action.Key())
		}
		keys = append(keys, action.HintKey())
	}
	for _, state := range []string{"disabled", "active", "waiting", "expired"} {
		keys = append(keys, "accounts.state."+state)
	}
	for _, action := range append(audit.Actions(), audit.Unreadable) {
		keys = append(keys, actionKey(action))
	}
	for _, via := range vias {
		keys = append(keys, "audit.via."+via)
	}
	for _, kind := range []journey.HintKind{journey.HintFailures, journey.HintRepeated, journey.HintRedirects, journey.HintLogin} {
		hint := journey.Hint{Kind: kind}
		keys = append(keys, newHintRow(hint).Key, troubleHints([]journey.Hint{hint})[0].Key)
	}
	keys = append(keys, rejectedKey)
	for _, b := range []journey.Beginning{journey.BeginsWithLogin, journey.BeginsAfterSilence, journey.BeginsElsewhere} {
		keys = append(keys, beginsKey(b))
	}
	keys = append(keys, endsKey(journey.EndsWithLogout), endsKey(journey.EndsAtLogin), controls{Filter: Filter{Filter: journey.Filter{Device: "x"}}}.Device().Key)
	for _, word := range clientWords() {
		keys = append(keys, clientKey(word))
	}
	for _, f := range []failureKey{broken, forbidden, notFound, rejected, brokeOff, timedOut, said} {
		keys = append(keys, "now.problem."+string(f))
	}
	for code := range 1000 {
		keys = append(keys, trouble{Trouble: store.Trouble{Code: code}}.Key(), resultOf(&store.Entry{Code: code}).Key)
	}
	for _, p := range []presence{active, idle, gone, unseen} {
		keys = append(keys, p.Key())
	}
	for _, skew := range []time.Duration{time.Minute, -time.Minute} {
		keys = append(keys, application{Application: store.Application{ClockSkew: skew}}.SkewKey())
	}
	for _, state := range []team.State{team.OnIt, team.Done} {
		for _, account := range []string{"vera", "willi"} {
			keys = append(keys, newHandling(team.Handling{State: state, By: "vera"}, account).Key())
		}
	}
	for _, theme := range themeChoices("") {
		keys = append(keys, theme.Key)
	}
	for _, status := range []int{403, 404, 429, 500, 503} {
		for _, noAccess := range []bool{false, true} {
			e := errorPage{Error{Status: status, NoAccess: noAccess}}
			keys = append(keys, e.Key(), e.TextKey(), e.NextKey())
		}
	}
	led := errorPage{Error{Status: 403, Led: true}}
	keys = append(keys, led.Key(), led.TextKey(), led.NextKey())
	for _, name := range doctor.Names() {
		f := doctor.Finding{Name: name}
		keys = append(keys, findingKey(f), findingKey(f)+".next")
	}
	keys = append(keys, ruleKey(rules.ManyFail), ruleKey(rules.UserFails))
	for _, f := range store.Faults() {
		e := errorPage{Error{Status: 503, Fault: f}}
		keys = append(keys, e.Key(), e.TextKey(), e.NextKey())
	}
	for _, m := range everyMessage() {
		keys = append(keys, m.key)
		if m.next {
			keys = append(keys, m.nextKey())
		}
	}
	return keys
}

// everyMessage is one of each kind.
func everyMessage() []*Message {
	messages := []*Message{
		LogsFound(""), NoLogs(""), Gone(store.Seen{}), UserNotFound(""), WrongPassword(), StoreLost(), nobodyHasReported(), LoggedOut(),
		NoReference(""), WrongReference(""), LineGone(), NoSupportCode(""), CodeUsed(""), TwoMeant(""), CodeFromElsewhere(""), VisitorGone(),
		ReasonMissing(1), InTheClear(), Busy(), SignOnRefused(), SignOnLost(), SignOnWithoutRole("ada"), AuditPeriod(), Unconfirmed(), WrongCurrentPassword(), WrongProof(), ProviderNotAsking(), ProviderRefuses(), WrongCode(auth.ErrCode), WrongCode(auth.ErrSeedKey), WrongCode(auth.ErrPasskey), WrongCode(auth.ErrPasskeyCounter), FactorRequired(), SwitchesUnreadable(), RecordingOff(),
		TooManyAttempts(0), TooManyAttempts(1 << 40), TooManyPages(), TooManyNotes(), ReasonOver(), Forgotten(), TooManyViewers(), LoginEnded(), LoginDisabled(""),
		rulesPage{Rules{Unwatched: true, Rules: []rules.Rule{{}}}}.Warning(),
	}
	for _, f := range store.Faults() {
		messages = append(messages, StoreFault(f))
	}
	for _, r := range refusals() {
		messages = append(messages, Refusal(r.err))
	}
	for _, change := range changes() {
		messages = append(messages, Done(change))
	}
	return messages
}

func TestEveryMessageHasItsText(t *testing.T) {
	catalogues := allCatalogues(t)
	for _, c := range catalogues {
		for _, m := range everyMessage() {
			shown, err := c.message(m)
			if err != nil || shown.Text == "" || m.next != (shown.Next != "") {
				t.Errorf("%s: %s is %+v, %v", c.language.Tag, m.key, shown, err)
			}
		}
	}
}
