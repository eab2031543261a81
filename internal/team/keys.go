package team

// Keys spells every key of this package in Redis. Prefix begins each of them: it is the store's, whose DeleteLogs
// deletes these keys, too. For that the store spells what they begin with once more, as it can't import this package.
type Keys struct{ Prefix string }

// Sheet is the HASH with what is noted of a user. The field "handling" says who takes care of her. Each field "note:", the time in
// Unix milliseconds, ":" and a number is a note, as JSON. It expires when the user is forgotten.
func (k Keys) Sheet(username string) string { return k.Prefix + "team:" + username }
