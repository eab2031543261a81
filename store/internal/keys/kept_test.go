package keys

import (
	"strconv"
	"strings"
	"testing"
)

// Redis documents the slot of "123456789" as 12739, and that only the first braces with something in them count.
func TestSlot(t *testing.T) {
	for key, want := range map[string]uint16{
		"123456789": 12739, "{123456789}x": 12739, "x{123456789}{y}": 12739, "x{}{123456789}": crc16("x{}{123456789}") % slots,
	} {
		if got := slot(key); got != want {
			t.Errorf("%s: slot %d, want %d", key, got, want)
		}
	}
}

// What is written beside a log is in its slot, also where names have braces.
func TestKeysOfAUserAreInOneSlot(t *testing.T) {
	names := []string{"ada", "a:b", "{ada}", "{}", "{}ada", "a{}b", "a}b", "a}b{c}", "{{ada}}", "{ada", "ada}", "}{", "{a}{b}", "🙂{", "x{y}z"}
	for _, prefix := range []string{"userlog:", "", "{shop}:", "shop{:", "{}:", "}:", "a{b}c{d}:"} {
		k, err := New(prefix, "userlog:")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, name := range names {
			key := k.Kept(name)
			if slot(key) != slot(k.Log(name)) {
				t.Errorf("prefix %q, user %q: %s is in slot %d, the log in %d", prefix, name, key, slot(key), slot(k.Log(name)))
			}
			if ping := k.PingsOf(name); len(ping) != 1 || slot(ping[0]) != slot(key) || !strings.HasPrefix(ping[0], prefix+"ping:") {
				t.Errorf("prefix %q, user %q: the pings are %q", prefix, name, ping)
			}
			if !k.IsKept(key) {
				t.Errorf("prefix %q, user %q: %s is not known as such", prefix, name, key)
			}
			if other, taken := seen[key]; taken {
				t.Errorf("prefix %q: %q and %q share %s", prefix, name, other, key)
			}
			seen[key] = name
		}
	}
	k, _ := New("userlog:", "userlog:")
	if got, want := k.Kept("ada"), "userlog:kept:{userlog:log:ada}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A number in braces can stand for every slot, so the search for one ends.
func TestNumbersReachEverySlot(t *testing.T) {
	reached := map[uint16]bool{}
	n := 0
	for ; len(reached) < slots; n++ {
		reached[slot(strconv.Itoa(n))] = true
		if n > 1_000_000 {
			t.Fatalf("%d slots are reached by a million numbers", len(reached))
		}
	}
	t.Logf("the largest number that is needed: %d", n-1)
}

// The pings of all logs reach each range of slots, and so each master that has two ranges in a row.
func TestPingsOfAllLogs(t *testing.T) {
	k, _ := New("userlog:", "userlog:")
	reached := map[int]bool{}
	for _, key := range k.PingsOf("") {
		reached[int(slot(key))*pingParts/slots] = true
	}
	if len(reached) != pingParts {
		t.Errorf("%d of %d ranges of slots are reached", len(reached), pingParts)
	}
}
