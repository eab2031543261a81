package keys

import "strconv"

// MaxParts is over how many parts the user index may be spread: more would cost each reader more than they spare Redis.
const MaxParts = 1024

// Index spells the keys of the user index, which is spread over a number of parts. A user is in the part that has the slot of
// her log: on a Cluster, part and log are mostly at the same master.
type Index struct {
	keys                  Keys
	parts                 int
	users, names, trouble []string // by part
	gone                  []string // as well
}

// Layout is the STRING that says over how many parts the user index is spread: "16", or "32 16" while 32 take the place of 16.
func (k Keys) Layout() string { return k.prefix + "index" }

// Index returns the keys of an index of 1 to MaxParts parts.
func (k Keys) Index(parts int) Index {
	x := Index{keys: k, parts: parts}
	x.users, x.names, x.trouble = x.spell("users"), x.spell("names"), x.spell("trouble")
	x.gone = x.spell("gone")
	return x
}

// Parts is the number of parts.
func (x Index) Parts() int { return x.parts }

// Part is the part that a user is in.
func (x Index) Part(username string) int {
	if x.parts == 1 {
		return 0
	}
	return x.PartOfSlot(x.keys.Slot(username))
}

// PartOfSlot is the part with the users whose logs are in a slot of a Cluster.
func (x Index) PartOfSlot(slot uint16) int { return int(slot) * x.parts / slots }

// Users is the ZSET username → time of the last recorded request, in Unix milliseconds.
func (x Index) Users(part int) string { return x.users[part] }

// Names is the ZSET, all scores 0, of folded name + NUL + username, for search by prefix.
func (x Index) Names(part int) string { return x.names[part] }

// Trouble is the ZSET username → time of the last request that failed, in Unix milliseconds, and its status in thousandths of
// one.
func (x Index) Trouble(part int) string { return x.trouble[part] }

// Gone is the ZSET username → time of the last recorded request, in Unix milliseconds, of users whose logs have expired.
func (x Index) Gone(part int) string { return x.gone[part] }

// spell returns the names of the parts of one set. Each is in a slot of its part, by the number in its braces.
func (x Index) spell(set string) []string {
	names := make([]string, x.parts)
	if x.parts == 1 {
		names[0] = x.keys.prefix + set
		return names
	}
	prefix := x.keys.prefix + set + ":" + strconv.Itoa(x.parts) + ":{"
	for n, missing := 0, x.parts; missing > 0; n++ {
		name := prefix + strconv.Itoa(n) + "}"
		part := x.PartOfSlot(slot(name))
		if x.keys.isInOneSlot() {
			part = n
		}
		if names[part] == "" {
			names[part] = name
			missing--
		}
	}
	return names
}
