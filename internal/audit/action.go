package audit

// Action names a recorded action. Its text is a wire format: it is stored, exported and filtered by.
type Action string

// Actions that are recorded. The record's Actor did it. Its Subject is the user whose log was looked
// at, or the account that was changed.
const (
	Login       Action = "login"
	LoginFailed Action = "login-failed" // Actor is the account whose name was typed; "" where there is none
	Logout      Action = "logout"
	// SecondFactorAsked is an attempt: the password of Actor was right. A login follows it, or the owner has to know that somebody has the
	// password.
	SecondFactorAsked Action = "second-factor-asked"
	Refused           Action = "refused" // Actor asked for what its role does not let it; Detail is the method and the route

	View          Action = "view"           // the log of Subject, as a page or through the API
	Watch         Action = "watch"          // the same, as requests happen
	WatchEveryone Action = "watch-everyone" // everyone's log, as requests happen
	ViewEnded     Action = "view-ended"     // Began names the record of the beginning, Duration says how long the viewing was
	ReasonStated  Action = "reason-stated"  // Reason says why the log of Subject is going to be looked at

	NoteAdded       Action = "note-added"       // about Subject; Detail is its number, and its text is nowhere here
	NoteDeleted     Action = "note-deleted"     // Detail is its number, and who wrote it
	HandlingChanged Action = "handling-changed" // Actor takes care of Subject, or does not; Detail is on-it, done or open
	CodeUsed        Action = "code-used"        // the support code of Subject, which leads to that log

	AccountCreated  Action = "account-created"
	AccountDisabled Action = "account-disabled"
	AccountEnabled  Action = "account-enabled"
	RoleChanged     Action = "role-changed" // Detail is the new role
	PasswordSet     Action = "password-set"
	LinkMade        Action = "link-made" // for setting a password once
	SessionsEnded   Action = "sessions-ended"
	TokenCreated    Action = "token-created"
	TokenRevoked    Action = "token-revoked"

	SecondFactorAdded   Action = "second-factor-added"   // Detail is which
	SecondFactorRemoved Action = "second-factor-removed" // by its owner; Detail is which
	SecondFactorReset   Action = "second-factor-reset"   // all of Subject, by somebody else
	RecoveryCodesMade   Action = "recovery-codes-made"   // in place of older ones

	RecordingChanged Action = "recording-changed" // of all applications; Detail is each switch that changes, before and after

	RuleMade    Action = "rule-made"    // for webhooks; Subject is the user it is about, if it is about one, and Detail says what is told
	RuleRemoved Action = "rule-removed" // the same, of one that is there no more

	BackupMade     Action = "backup-made"     // of accounts, switches and the audit log
	BackupRestored Action = "backup-restored" // Detail is when it was made
	LogsDeleted    Action = "logs-deleted"    // of all users, with the user index

	AuditRead      Action = "audit-read"      // the audit log itself was looked at
	AuditExported  Action = "audit-exported"  // Detail is the format
	StreamReplaced Action = "stream-replaced" // by this package: nothing could be added to the stream; Detail says more
)

// Unreadable is the action of an entry of the stream that is no record. This package never writes one:
// [Log.Verify] says that somebody else did.
const Unreadable Action = "unreadable"

// Actions returns every action that is recorded, in the order in which people may be offered them.
func Actions() []Action {
	return []Action{
		View, Watch, WatchEveryone, ViewEnded, ReasonStated, CodeUsed, NoteAdded, NoteDeleted, HandlingChanged,
		Login, LoginFailed, SecondFactorAsked, Logout, Refused,
		AccountCreated, AccountDisabled, AccountEnabled, RoleChanged, PasswordSet, LinkMade, SessionsEnded,
		TokenCreated, TokenRevoked,
		SecondFactorAdded, SecondFactorRemoved, SecondFactorReset, RecoveryCodesMade,
		RecordingChanged, RuleMade, RuleRemoved, LogsDeleted, BackupMade, BackupRestored,
		AuditRead, AuditExported, StreamReplaced,
	}
}
