package views

import (
	"cmp"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// Recording is the superusers' page of what applications record.
type Recording struct {
	Layout
	Switches store.Switches      // that are set or, after a refusal, that were typed
	Behind   []store.Application // those that do not follow yet
	Partial  bool                // a part of the log store can't be reached, so that applications may be missing in Behind
	Message  *Message
}

// Recording renders the page of what applications record.
func (s *Set) Recording(p Recording) ([]byte, error) {
	return s.page("recording", p.Lang, recordingPage{p})
}

// recordingPage is Recording as its template reads it.
type recordingPage struct{ Recording }

// Record are the choices for recording.
func (p recordingPage) Record() []option { return onOff(!p.Switches.NoRecord) }

// Publish are the choices for publishing.
func (p recordingPage) Publish() []option { return onOff(!p.Switches.NoPublish) }

// WatchOnly are the choices for recording only users whose logs are open.
func (p recordingPage) WatchOnly() []option { return onOff(p.Switches.WatchOnly) }

// onOff are the choices for what is on or off.
func onOff(on bool) []option {
	return []option{{"on", "recording.on", on}, {"off", "recording.off", !on}}
}

// Sample is of how many requests one is recorded. A value that can't be one is left out, for it was no number.
func (p recordingPage) Sample() int { return max(cmp.Or(p.Switches.Sample, 1), 1) }

// MaxSample is the largest such number.
func (p recordingPage) MaxSample() int { return store.MaxSample }

// Ignore are the patterns, one a line.
func (p recordingPage) Ignore() string { return strings.Join(p.Switches.Ignore, "\n") }

// MaxIgnore is how many characters patterns and the ends of their lines have at most.
func (p recordingPage) MaxIgnore() int { return store.MaxIgnoreBytes + 2*store.MaxIgnore }
