package audit

// Keys spells every key of this package in Redis; no other file does. Prefix begins each of them:
// it is the store's. The keys share a hash tag, because a script that writes both needs them on one
// node of a Cluster.
type Keys struct{ Prefix string }

// Records is the STREAM of the audit log, an entry a record.
func (k Keys) Records() string { return k.Prefix + "{audit}:records" }

// Head is the STRING that says where the audit log ends. It holds the newest record's number and
// hash and the number of the oldest record that is to be there, with colons between them.
func (k Keys) Head() string { return k.Prefix + "{audit}:head" }
