package keys

import (
	"strconv"
	"strings"
)

// Kept is the LIST of those of a user's entries that count, newest first. It expires with [Keys.Log], and is there only
// where some of the user's entries do not count.
//
// On a Cluster both lists are in the same slot, since one transaction writes both. The slot of a key is that of the text
// in its first braces, so the name of the log is put into braces. Where names have braces themselves, that may not be
// the first text in braces: then a number is, which is tried until the slot is the same.
func (k Keys) Kept(username string) string { return k.beside(username, "kept") }

// beside is a key of some kind in the slot of a user's log.
func (k Keys) beside(username, kind string) string {
	log := k.Log(username)
	if key := k.prefix + kind + ":{" + log + "}"; !strings.ContainsAny(log, "{}") {
		return key
	}
	same := slot(log)
	key := k.prefix + kind + ":{" + tag(log) + "}" + username
	for n := 0; slot(key) != same; n++ {
		key = k.prefix + kind + ":{" + strconv.Itoa(n) + "}" + username
	}
	return key
}

// Failures is the ZSET of those of a user's requests that failed last, and of what solved them. They outlive the log's newest entries
// and expire with it. It is in the slot of [Keys.Kept].
func (k Keys) Failures(username string) string {
	return k.prefix + "kept:failed:" + strings.TrimPrefix(k.Kept(username), k.prefix+"kept:")
}

// FailuresPattern matches every [Keys.Failures], as access lists have it.
func (k Keys) FailuresPattern() string { return k.prefix + "kept:failed:*" }

// KeptPattern matches every [Keys.Kept] and every [Keys.Failures], as access lists have it.
func (k Keys) KeptPattern() string { return k.prefix + "kept:*" }

// IsKept reports whether a key is of the form of [Keys.Kept].
func (k Keys) IsKept(key string) bool { return strings.HasPrefix(key, k.prefix+"kept:") }

// tag is the part of a key by which a Cluster chooses its slot: what is in the first braces, or all of it where that is
// nothing.
func tag(key string) string {
	_, rest, open := strings.Cut(key, "{")
	inside, _, closed := strings.Cut(rest, "}")
	if !open || !closed || inside == "" {
		return key
	}
	return inside
}

// slots is how many slots a Cluster has.
const slots = 16384

// slot is the slot of a key in a Cluster.
func slot(key string) uint16 { return crc16(tag(key)) % slots }

// crc16 is the checksum that Redis uses (XMODEM), half a byte at a time.
func crc16(text string) uint16 {
	halves := [16]uint16{
		0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
	}
	var crc uint16
	for i := range len(text) {
		crc = crc<<4 ^ halves[crc>>12^uint16(text[i]>>4)]
		crc = crc<<4 ^ halves[crc>>12^uint16(text[i]&15)]
	}
	return crc
}
