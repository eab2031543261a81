package audit

// Action is what was done. Its text is a wire format: it is stored, exported and filtered by.
type Action string

// Actions that are recorded. Who did it is the record's Actor; its Subject is the user whose log was
// looked at, or the account that was changed.
const (
	Login       Action = "login"
	LoginFailed Action = "login-failed" // Actor is the name that was typed; it may be nobody's
	Logout      Action = "logout"

	View          Action = "view"           // the log of Subject, as a page or through the API
	Watch         Action = "watch"          // the same, as it happens
	WatchEveryone Action = "watch-everyone" // everybody's log, as it happens
	ViewEnded     Action = "view-ended"     // Began names the record of the view, Duration how long it was
	ReasonStated  Action = "reason-stated"  // Reason says why the log of Subject is going to be looked at

	AccountCreated  Action = "account-created"
	AccountDisabled Action = "account-disabled"
	AccountEnabled  Action = "account-enabled"
	RoleChanged     Action = "role-changed" // Detail is the new role
	PasswordSet     Action = "password-set"
	LinkMade        Action = "link-made" // for setting a password once
	SessionsEnded   Action = "sessions-ended"
	TokenCreated    Action = "token-created"
	TokenRevoked    Action = "token-revoked"

	AuditRead     Action = "audit-read"     // the viewing log itself was looked at
	AuditExported Action = "audit-exported" // Detail is the format
)

// Unreadable is the action of what is in the stream and is no record. It is never written by this
// package: [Log.Verify] says that somebody else did.
const Unreadable Action = "unreadable"

// Actions returns every action that is recorded, in the order in which people may be offered them.
func Actions() []Action {
	return []Action{
		View, Watch, WatchEveryone, ViewEnded, ReasonStated,
		Login, LoginFailed, Logout,
		AccountCreated, AccountDisabled, AccountEnabled, RoleChanged, PasswordSet, LinkMade, SessionsEnded,
		TokenCreated, TokenRevoked,
		AuditRead, AuditExported,
	}
}
