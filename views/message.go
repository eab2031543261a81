package views

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
)

// Message is one sentence to the reader, shown in #messages. The zero value is not useful: use the
// functions of this file and of account_messages.go, which make all messages that there are.
type Message struct {
	key   string // of the catalogues; with ".next" added, of what to do now, if next
	alert bool   // something is wrong here: role=alert instead of role=status
	warn  bool   // something may be wrong elsewhere
	quiet bool   // the page shows the same anyway: the sentence is for readers who listen to the page
	next  bool   // the sentence is followed by the next step
	alone bool   // there is nothing else to show, and the page shows nothing else
	name  string // the username that it is about
	count int    // the number that it is about; chooses the plural
	at    moment // the time that it is about
}

// LogsFound says "Logs found for ada."
func LogsFound(username string) *Message {
	return &Message{key: "message.logs-found", quiet: true, name: printable.Name(username)}
}

// NoLogs says "No logs for ada.", and what to ask the caller. Pages show nothing else.
func NoLogs(username string) *Message {
	return &Message{key: "message.no-logs", next: true, alone: true, name: printable.Name(username)}
}

// Gone says "ada was here until 14:05. The log has expired.", and what to ask the caller. Pages show nothing else.
func Gone(user store.Seen) *Message {
	return &Message{key: "message.gone", next: true, alone: true, name: printable.Name(user.Username), at: momentOf(user.At)}
}

// UserNotFound says "User ada not found.", for hosts that say who exists, and what to ask the caller.
func UserNotFound(username string) *Message {
	return &Message{key: "message.user-not-found", alert: true, next: true, alone: true, name: printable.Name(username)}
}

// NoReference says that no request has the code that was typed, and what to ask the caller.
func NoReference(code string) *Message {
	return &Message{key: "message.no-reference", alert: true, next: true, alone: true, name: printable.Name(code)}
}

// WrongReference says that no user is called what was typed, and that it can't be a code: a character is wrong, or two are swapped.
func WrongReference(code string) *Message {
	return &Message{key: "message.wrong-reference", alert: true, next: true, alone: true, name: printable.Name(code)}
}

// NoSupportCode says that no customer has the support code that was typed, and no user is called so.
func NoSupportCode(code string) *Message {
	return &Message{key: "message.no-code", alert: true, next: true, alone: true, name: printable.Name(code)}
}

// CodeUsed says that another agent has used the support code.
func CodeUsed(code string) *Message {
	return &Message{key: "message.code-used", alert: true, next: true, alone: true, name: printable.Name(code)}
}

// TwoMeant says that a number is both a support code and a user's name.
func TwoMeant(code string) *Message {
	return &Message{key: "message.two-meant", warn: true, alone: true, name: printable.Name(code)}
}

// CodeFromElsewhere says that another site's page has brought a support code, which a caller should have told.
func CodeFromElsewhere(code string) *Message {
	return &Message{key: "message.code-from-elsewhere", warn: true, alone: true, name: printable.Name(code)}
}

// VisitorGone says that the log of a visitor has expired.
func VisitorGone() *Message {
	return &Message{key: "message.visitor-gone", next: true, alone: true}
}

// LineGone says that the line that a link leads to is not in the log any more, and what may take its place.
func LineGone() *Message { return &Message{key: "message.line-gone", warn: true, next: true} }

// WrongPassword is the answer to every login that failed. It does not tell what was wrong.
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

// StoreFault says what is wrong with Redis, and what to do. It is nil for no fault.
func StoreFault(f store.Fault) *Message {
	switch {
	case f == "":
		return nil
	case !f.IsRefusal():
		return StoreLost()
	}
	return &Message{key: faultKey(f), alert: true, next: true}
}

// nobodyHasReported says that no application that records has said so for a minute: until one does,
// nothing can appear, whatever customers do.
func nobodyHasReported() *Message {
	return &Message{key: "message.nobody-reports", warn: true, next: true}
}

// RecordingOff says that recording is switched off: until it is switched on, nothing can appear.
func RecordingOff() *Message {
	return &Message{key: "message.recording-off", warn: true, next: true}
}

// SwitchesUnreadable says that what is set of recording can't be read.
func SwitchesUnreadable() *Message {
	return &Message{key: "message.switches-unreadable", alert: true, next: true}
}

// ReasonMissing asks for a reason again that was empty, longer than max characters, or not one line of text.
func ReasonMissing(max int) *Message {
	return &Message{key: "message.reason-missing", alert: true, count: max}
}

// TooManyNotes refuses a note, or its like, because the account has sent too many at once.
func TooManyNotes() *Message { return &Message{key: "message.too-many-notes", alert: true, next: true} }

// ReasonOver refuses a note because the reason for looking at the log, which has to be stated, holds no longer.
func ReasonOver() *Message { return &Message{key: "message.reason-over", alert: true, next: true} }

// Forgotten refuses a note about somebody whom the site does not remember.
func Forgotten() *Message { return &Message{key: "refusal.forgotten", alert: true, next: true} }

// TooManyPages says that a page gets no live log, because the account has asked for more than is allowed at a time.
func TooManyPages() *Message { return &Message{key: "message.too-many-pages", alert: true, next: true} }

// TooManyViewers says that a page gets no live log, because as many are open as the server allows.
func TooManyViewers() *Message {
	return &Message{key: "message.too-many-viewers", alert: true, next: true}
}

// Busy refuses a login because too many passwords are being checked.
func Busy() *Message { return &Message{key: "message.busy", alert: true, next: true} }

// InTheClear refuses a login on a page that did not come by https.
func InTheClear() *Message { return &Message{key: "message.in-the-clear", alert: true, next: true} }

// LoginEnded says on the login page why it is there, and that the login leads back.
func LoginEnded() *Message { return &Message{key: "message.session-ended", next: true} }

// LoginDisabled says on the login page that the account of this browser's session has been disabled.
func LoginDisabled(name string) *Message {
	return &Message{key: "message.account-disabled", alert: true, next: true, name: name}
}

// LoggedOut confirms a logout on the login page.
func LoggedOut() *Message { return &Message{key: "message.logged-out"} }

// SignOnRefused says that a login at the provider did not work.
func SignOnRefused() *Message {
	return &Message{key: "message.sign-on-refused", alert: true, next: true}
}

// SignOnLost says that the provider can't be reached.
func SignOnLost() *Message { return &Message{key: "message.sign-on-lost", alert: true, next: true} }

// SignOnWithoutRole says that a person may do nothing here, although the provider knows her.
func SignOnWithoutRole(name string) *Message {
	return &Message{key: "message.sign-on-without-role", alert: true, next: true, name: printable.Name(name)}
}

// AuditPeriod says that a day of the audit log's filter can't be read.
func AuditPeriod() *Message { return &Message{key: "message.audit-period", alert: true, next: true} }

// Identity is the same for messages that say the same in one language.
func (m *Message) Identity() string {
	return strings.Join([]string{m.key, m.name, strconv.Itoa(m.count), m.at.Timestamp}, "\x00")
}

// Role is the ARIA role of the element that shows it: alert or status.
func (m *Message) Role() string {
	if m.alert {
		return "alert"
	}
	return "status"
}

// shownMessage is a message as its template reads it.
type shownMessage struct {
	Role  string
	Warns bool // shown as a warning, which is neither good news nor an alert
	Quiet bool // takes up no room, because the page shows the same anyway
	Alone bool // stands for all that the page could show
	Text  template.HTML
	Next  string // what to do now; "" = nothing
}

// Fault says in English what is wrong with Redis, and what to do, for programs and in a terminal.
func (w Words) Fault(f store.Fault) string {
	m := StoreFault(f)
	if m == nil {
		m = StoreLost()
	}
	return w.catalogue.texts[m.key] + " " + w.catalogue.texts[m.nextKey()]
}

// message is m in this language.
func (c *catalogue) message(m *Message) (shownMessage, error) {
	shown := shownMessage{Role: m.Role(), Warns: m.warn, Quiet: m.quiet, Alone: m.alone}
	text, err := c.said(m)
	if err != nil || !m.next {
		shown.Text = text
		return shown, err
	}
	shown.Text = text
	shown.Next, err = c.text(m.nextKey())
	return shown, err
}

// said is the sentence of a message. A time in it is one that the page shows in the reader's way.
func (c *catalogue) said(m *Message) (template.HTML, error) {
	name, err := c.shown(m.name)
	if err != nil {
		return "", err
	}
	text, err := c.quoting(m.key, parameters{Name: name, Other: m.at.UTC, Count: m.count}, template.HTMLEscapeString, func(value string) string {
		if value == m.at.UTC && value != "" {
			return `<relative-time format="datetime" datetime="` + m.at.Timestamp + `" no-title weekday="short" year="" month="" day="" hour="2-digit" minute="2-digit">` +
				value + `</relative-time>`
		}
		return "<bdi>" + template.HTMLEscapeString(value) + "</bdi>"
	})
	return template.HTML(text), err
}

// Gone says in English that a user's log has expired.
func (w Words) Gone(user store.Seen) string {
	text, _ := w.catalogue.localize("message.gone", parameters{Name: printable.Name(user.Username), Other: utc(user.At)}) // as in text
	return text
}

func (m *Message) nextKey() string { return m.key + ".next" }
