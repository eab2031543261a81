package views

import "time"

// Message is one sentence to the reader, shown in #messages. The zero value is not useful: use the
// functions of this file and of refusal.go, which are all the messages that there are.
type Message struct {
	key   string // of the catalogues; with ".next" added, of what to do now, if next
	alert bool   // something is wrong here: role=alert instead of role=status
	warn  bool   // something may be wrong elsewhere
	quiet bool   // what it says is plain to see: it is for those who listen to the page
	next  bool   // the sentence is followed by the next step
	name  string // the username that it is about
	count int    // the number that it is about; chooses the plural
}

// LogsFound says "Logs found for ada."
func LogsFound(username string) *Message {
	return &Message{key: "message.logs-found", quiet: true, name: username}
}

// NoLogs says "No logs for ada."
func NoLogs(username string) *Message { return &Message{key: "message.no-logs", name: username} }

// UserNotFound says "User ada not found.", for hosts that say who exists.
func UserNotFound(username string) *Message {
	return &Message{key: "message.user-not-found", alert: true, name: username}
}

// WrongPassword is the answer to a login that failed, whatever was wrong about it.
func WrongPassword() *Message {
	return &Message{key: "message.wrong-password", alert: true, next: true}
}

// TooManyAttempts refuses a login for the time given, which is rounded up to seconds, and to
// minutes from two minutes on.
func TooManyAttempts(wait time.Duration) *Message {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	if seconds >= 120 {
		return &Message{key: "message.too-many-attempts-minutes", alert: true, count: (seconds + 59) / 60}
	}
	return &Message{key: "message.too-many-attempts-seconds", alert: true, count: seconds}
}

// StoreLost says that Redis can't be reached, and that nothing needs to be done in the page.
func StoreLost() *Message { return &Message{key: "message.store-lost", alert: true, next: true} }

// NobodyReports says that no application that records has said so for a minute: until one does,
// nothing can appear, whatever customers do.
func NobodyReports() *Message { return &Message{key: "message.nobody-reports", warn: true, next: true} }

// ReasonMissing asks for a reason again that was empty, longer than max characters, or not one line of text.
func ReasonMissing(max int) *Message {
	return &Message{key: "message.reason-missing", alert: true, count: max}
}

// InTheClear refuses a login on a page that did not come by https.
func InTheClear() *Message { return &Message{key: "message.in-the-clear", alert: true, next: true} }

// LoggedOut confirms a logout on the login page.
func LoggedOut() *Message { return &Message{key: "message.logged-out"} }

// AuditPeriod says that a day of the viewing log's filter can't be read.
func AuditPeriod() *Message { return &Message{key: "message.audit-period", alert: true, next: true} }

// messageKeys is every key that a Message may have, for the check that the catalogues are complete.
func messageKeys() []string {
	var keys []string
	for _, m := range append(refusalMessages(),
		LogsFound(""), NoLogs(""), UserNotFound(""), WrongPassword(), TooManyAttempts(time.Second),
		TooManyAttempts(time.Hour), StoreLost(), NobodyReports(), LoggedOut(), ReasonMissing(1), InTheClear(),
		AuditPeriod(),
	) {
		keys = append(keys, m.key)
		if m.next {
			keys = append(keys, m.nextKey())
		}
	}
	return keys
}

// Role is the ARIA role of the element that shows it: alert or status.
func (m *Message) Role() string {
	if m.alert {
		return "alert"
	}
	return "status"
}

// Warns tells whether it is shown as a warning, which is neither good news nor an alert.
func (m *Message) Warns() bool { return m.warn }

// Quiet tells whether it takes up no room, because the page shows it anyway.
func (m *Message) Quiet() bool { return m.quiet }

func (m *Message) nextKey() string { return m.key + ".next" }
