package keys

import (
	"strconv"
	"strings"
	"sync"
)

// Slots is how many slots a Cluster has.
const Slots = slots

// Slot is the slot of a user's lists in a Cluster.
func (k Keys) Slot(username string) uint16 { return slot(k.Log(username)) }

// SlotChannel is the sharded channel of a Cluster on which each line of all logs of one slot is published as it is recorded.
// The channel is in that slot itself. So wherever a list is, its channel is there as well, also while slots move.
func (k Keys) SlotChannel(slot uint16) string { return k.slotChannel(k.tags()[slot]) }

// SlotProbe is [Keys.Probe] in a slot of a Cluster.
func (k Keys) SlotProbe(in uint16, nonce string) string {
	for n := 0; ; n++ {
		if name := k.channel + "probe:{" + strconv.Itoa(n) + "}" + nonce; k.isInOneSlot() || slot(name) == in {
			return name
		}
	}
}

// SlotPattern matches every [Keys.SlotChannel], as access lists have it.
func (k Keys) SlotPattern() string { return k.channel + "slot:*" }

// SlotViewers is [Keys.Viewers] of the feeds that follow the channels of slots. It is a classic channel.
func (k Keys) SlotViewers() string { return k.channel + "slot:" }

// UsedSlots are the slots that lists can be in: all of them, or one where a prefix with braces puts all keys into one.
func (k Keys) UsedSlots() []uint16 {
	if k.isInOneSlot() {
		return []uint16{k.Slot("")}
	}
	used := make([]uint16, slots)
	for i := range used {
		used[i] = uint16(i)
	}
	return used
}

// isInOneSlot reports whether the prefix alone decides about the slot of a key.
func (k Keys) isInOneSlot() bool {
	_, rest, open := strings.Cut(k.prefix, "{")
	return open && strings.Index(rest, "}") > 0
}

func (k Keys) slotChannel(tag int) string { return k.channel + "slot:{" + strconv.Itoa(tag) + "}" }

// newTags returns a function that finds, once, the number for each slot that puts the name of a channel into it.
func (k Keys) newTags() func() []int {
	return sync.OnceValue(func() []int {
		tags, missing := make([]int, slots), slots
		if k.isInOneSlot() {
			return tags // any number does
		}
		found := make([]bool, slots)
		for n := 0; missing > 0; n++ {
			if s := slot(k.slotChannel(n)); !found[s] {
				found[s], tags[s] = true, n
				missing--
			}
		}
		return tags
	})
}
