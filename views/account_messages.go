package views

import (
	"errors"
	"slices"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// refusal is an error of auth, store or team that is a person's to put right, and the key of what to say.
type refusal struct {
	err error
	key string
}

func refusals() []refusal {
	return []refusal{
		{auth.ErrName, "refusal.name"},
		{auth.ErrRole, "refusal.role"},
		{auth.ErrAccountExists, "refusal.exists"},
		{auth.ErrNoAccount, "refusal.no-account"},
		{auth.ErrDisabled, "refusal.disabled"},
		{auth.ErrLastSuperuser, "refusal.last-superuser"},
		{auth.ErrLink, "refusal.link"},
		{auth.ErrPasswordShort, "refusal.password-short"},
		{auth.ErrPasswordLong, "refusal.password-long"},
		{auth.ErrPasswordInvalid, "refusal.password-invalid"},
		{auth.ErrPasswordCommon, "refusal.password-common"},
		{auth.ErrPasswordNames, "refusal.password-names"},
		{auth.ErrEnrolment, "refusal.enrolment"},
		{auth.ErrFactorExists, "refusal.factor-exists"},
		{auth.ErrNoFactor, "refusal.no-factor"},
		{auth.ErrPasskeyCounter, "passkey.copied"},
		{auth.ErrPasskey, "passkey.wrong"},
		{auth.ErrTooManyPasskeys, "refusal.too-many-passkeys"},
		{auth.ErrNoSession, "refusal.no-session"},
		{auth.ErrLabel, "refusal.label"},
		{auth.ErrTokenLifetime, "refusal.lifetime"},
		{auth.ErrTooManyTokens, "refusal.too-many-tokens"},
		{auth.ErrNoToken, "refusal.no-token"},
		{store.ErrSample, "refusal.sample"},
		{store.ErrIgnore, "refusal.ignore"},
		{rules.ErrCount, "refusal.rule-count"},
		{rules.ErrUser, "refusal.rule-user"},
		{rules.ErrExists, "refusal.rule-exists"},
		{rules.ErrTooMany, "refusal.too-many-rules"},
		{rules.ErrNoRule, "refusal.no-rule"},
		{team.ErrNoteEmpty, "refusal.note-empty"},
		{team.ErrNoteLong, "refusal.note-long"},
		{team.ErrNoNote, "refusal.no-note"},
		{team.ErrNotYours, "refusal.not-yours"},
		{team.ErrQuicker, "refusal.quicker"},
		{team.ErrJustFailed, "refusal.just-failed"},
	}
}

// Refusal says why auth, store, team or rules refused a change, and what to do now. It is nil if err is a failure, which no reader
// of the page can put right.
func Refusal(err error) *Message {
	for _, r := range refusals() {
		if errors.Is(err, r.err) {
			return &Message{key: r.key, alert: true, next: true}
		}
	}
	return nil
}

// Unconfirmed asks to confirm what takes the reader's own access away.
func Unconfirmed() *Message { return &Message{key: "refusal.unconfirmed", alert: true, next: true} }

// WrongCurrentPassword refuses a change of password, because the current password of the form is wrong: it may be somebody else who asks.
func WrongCurrentPassword() *Message {
	return &Message{key: "refusal.current-password", alert: true, next: true}
}

// WrongProof is the answer to a wrong password that was given again, as a proof.
func WrongProof() *Message { return &Message{key: "proof.wrong", alert: true, next: true} }

// ProviderNotAsking says that the provider has not asked again who somebody is.
func ProviderNotAsking() *Message {
	return &Message{key: "proof.not-asked", alert: true, next: true}
}

// ProviderRefuses says that the provider has not confirmed that the person is the one who is logged in.
func ProviderRefuses() *Message { return &Message{key: "proof.not-confirmed", alert: true, next: true} }

// Change names something that was done, such as to an account, in the address of the page that confirms it.
type Change string

// Changes.
const (
	AccountCreated  Change = "account-created"
	AccountDisabled Change = "account-disabled"
	AccountEnabled  Change = "account-enabled"
	RoleChanged     Change = "role-changed"
	SessionsEnded   Change = "sessions-ended"
	PasswordSet     Change = "password-set"
	SessionEnded    Change = "session-ended"
	TokenRevoked    Change = "token-revoked"
	FactorAdded     Change = "factor-added"
	FactorRemoved   Change = "factor-removed"
	FactorsReset    Change = "factors-reset"
	RecoveryUsed    Change = "recovery-used"

	RecordingChanged Change = "recording-changed"

	NoteAdded       Change = "note-added"
	NoteDeleted     Change = "note-deleted"
	HandlingChanged Change = "handling-changed"

	RuleMade    Change = "rule-made"
	RuleRemoved Change = "rule-removed"
)

func changes() []Change {
	return []Change{
		AccountCreated, AccountDisabled, AccountEnabled, RoleChanged, SessionsEnded, PasswordSet,
		SessionEnded, TokenRevoked, FactorAdded, FactorRemoved, FactorsReset, RecoveryUsed, RecordingChanged,
		NoteAdded, NoteDeleted, HandlingChanged, RuleMade, RuleRemoved,
	}
}

// Done confirms a change; nil where there is no such change.
func Done(change Change) *Message {
	if !slices.Contains(changes(), change) {
		return nil
	}
	return &Message{key: "done." + string(change)}
}
