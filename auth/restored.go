package auth

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Restored returns the accounts of a backup, by their names and as Redis has them, as they may be put back at a time. Secrets that can
// be used once may have been used since the backup. So recovery codes, one-time links, and codes of apps until then are not put back. Sessions
// and tokens that Redis still has are of another generation, and have ended. Names of accounts that had recovery codes are in
// withoutCodes, sorted. An error does not repeat what can't be read.
func Restored(accounts map[string][]byte, at time.Time) (restored map[string][]byte, withoutCodes []string, err error) {
	restored = make(map[string][]byte, len(accounts))
	for name, line := range accounts {
		r, err := decodeAccount(string(line))
		if err != nil {
			return nil, nil, fmt.Errorf("restore accounts: %w", err)
		}
		if len(r.Recovery) > 0 {
			withoutCodes = append(withoutCodes, name)
		}
		if restored[name], err = json.Marshal(r.restored(at)); err != nil {
			return nil, nil, fmt.Errorf("restore accounts: %w", err)
		}
	}
	slices.Sort(withoutCodes)
	return restored, withoutCodes, nil
}

// restored is an account as it may be put back. A generation is a small number, so that the time is one that it never had.
func (r storedAccount) restored(at time.Time) storedAccount {
	r.Generation = max(r.Generation+1, at.Unix())
	r.Recovery = nil
	r.Link, r.LinkExpires = "", 0
	if r.App != nil {
		app := *r.App
		app.Used = max(app.Used, stepAt(at)+codeSkew)
		r.App = &app
	}
	return r
}
