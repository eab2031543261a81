package feed

import (
	"strconv"
	"strings"
	"time"
)

// holding is what a node of a Cluster says of its own slots.
type holding struct {
	epoch  uint64          // of its configuration: whoever takes over a slot has a higher one
	slots  map[uint16]bool // none of a replica
	moving map[uint16]bool // of these, those whose lists may be at another master already
}

// parseHolding reads the line about the node itself in what CLUSTER NODES answers, such as
//
//	07c3… 127.0.0.1:30004@31004 myself,master - 0 0 4 connected 0-5460 5462 [77->-e7d1…]
//
// where the list of slots ends with one that is on its way to another node. It returns nil where there is no such line.
func parseHolding(nodes string) *holding {
	for line := range strings.Lines(nodes) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !strings.HasPrefix(fields[2], "myself") {
			continue
		}
		h := &holding{slots: map[uint16]bool{}, moving: map[uint16]bool{}}
		h.epoch, _ = strconv.ParseUint(fields[6], 10, 64) // Redis writes a number
		if strings.Contains(fields[2], "master") {
			for _, field := range fields[8:] {
				h.add(field)
			}
		}
		return h
	}
	return nil
}

// add takes one slot, a range of slots, or a slot on its way. One that is on its way here is not here.
func (h *holding) add(field string) {
	if slot, _, moving := strings.Cut(strings.TrimPrefix(field, "["), "->-"); moving {
		if n, err := strconv.ParseUint(slot, 10, 14); err == nil {
			h.moving[uint16(n)] = true
		}
		return
	}
	first, last, isRange := strings.Cut(field, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 14)
	to, err2 := strconv.ParseUint(last, 10, 14)
	if err != nil || err2 != nil {
		return
	}
	for n := from; n <= to; n++ {
		h.slots[uint16(n)] = true
	}
}

// ownership is what the feed knows of a slot's latest master.
type ownership struct {
	epoch uint64
	at    time.Time // when it was last seen with this epoch
}

// outdated is for how long a master with a lower epoch is not believed: it may not have heard yet that another one has taken over.
const outdated = 30 * time.Second

// isOutdated reports whether a later master of the slot is known than one with this epoch. A master that was frozen, and goes on,
// may answer with old lists until it hears that it is one no more.
func (f *Feed) isOutdated(slot uint16, epoch uint64, now time.Time) bool {
	known := f.owners[slot]
	return epoch < known.epoch && now.Sub(known.at) < outdated
}

// giveUp gives up the channels of slots that the connection's server does not have, as the server has said in a round. Redis
// tells by itself which subscriptions it ends, and giveUp is for all others. For example, a replica accepts subscriptions, and
// passes on what it hears of its master. Nothing tells how these messages are ordered with the lists.
func (c *connection) giveUp(h *holding, round int) {
	for _, ch := range c.channels {
		if !h.slots[ch.slot] && ch.since < round {
			c.feed.displace(ch)
		}
	}
	if !h.slots[c.probeSlot] {
		c.changeProbe()
	}
}

// readAgain has topics read again: those that are still to be read, and those whose slot is on its way to another master, which
// may have had the list during the round.
func (c *connection) readAgain(h *holding) {
	for _, ch := range c.channels {
		if owner := c.feed.owners[ch.slot]; ch.heard && owner.epoch == h.epoch {
			c.feed.owners[ch.slot] = ownership{h.epoch, time.Now()}
		}
		for _, t := range ch.topics {
			if ch.heard && (h.moving[ch.slot] || t.isUnread(ch.slot)) {
				t.heard(ch.slot)
				c.readNext(t)
			}
		}
	}
}

// displaceOutdated has a channel placed anew if a later master has its slot.
func (f *Feed) displaceOutdated(c *connection, epoch uint64, now time.Time) {
	for _, ch := range c.channels {
		if f.isOutdated(ch.slot, epoch, now) {
			f.displace(ch)
		}
	}
}

// hears reports whether the connection hears a user's topic.
func (c *connection) hears(t *topic) bool {
	return !c.sharded || t.channel.conn == c && t.channel.heard
}

// toBeRead are the slots whose channels the connection hears, and whose lists everyone's topic has not read since. The epochs of
// these channels go with them.
func (c *connection) toBeRead(t *topic) (map[uint16]bool, map[*channel]int) {
	slots, epochs := make(map[uint16]bool, len(c.channels)), make(map[*channel]int, len(c.channels))
	for _, ch := range c.channels {
		if ch.heard && t.slots.missing[ch.slot] {
			slots[ch.slot], epochs[ch] = true, ch.epoch
		}
	}
	return slots, epochs
}

// finishEveryone joins the slots of everyone's topic that a round has read.
func (c *connection) finishEveryone(t *topic, r *round) {
	for ch, epoch := range r.epochs {
		if ch.conn != c || !ch.heard || ch.epoch != epoch { // it has moved, or was confirmed again, since
			c.everyone = t
			return
		}
	}
	if t.isOvertaken(r.slots, r.synced) {
		c.everyone = t
		return
	}
	read, now := r.read.snapshots[t], time.Now()
	if h := r.read.holding; h != nil {
		for ch := range r.epochs {
			if c.feed.isOutdated(ch.slot, h.epoch, now) {
				c.feed.displaceOutdated(c, h.epoch, now)
				return
			}
		}
		for ch := range r.epochs {
			c.feed.owners[ch.slot] = ownership{h.epoch, now}
		}
	}
	c.feed.joinSlots(t, c, read)
	c.feed.tellSilence(t)
	if len(read.slots) < len(r.slots) {
		t.miss(nil, time.Now()) // the rest is on its way to other masters
	}
}
