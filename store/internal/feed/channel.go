package feed

import (
	"iter"
	"slices"
	"time"
)

// channel is what the feed subscribes to: a user's channel, or the pattern that matches all of them. On a Cluster it is the
// channel of a slot, on which the entries of many users are published.
type channel struct {
	channelName
	slot   uint16      // on a Cluster
	topics []*topic    // the topics that need the channel
	conn   *connection // by which it is heard, or will be; nil = the feed has found no server for it yet
	heard  bool        // the server has confirmed the subscription
	lost   bool        // its server was away when the feed last tried to connect
	epoch  int         // how often the subscription was confirmed: a snapshot holds for one of these times
	since  int         // the last round that the connection had begun when it got the channel
}

// channelName is how Redis knows a channel. The pattern of all users is also the name of the channel of a user called *.
type channelName struct {
	name    string
	pattern bool
}

// channelsOf yields the channels of a topic, on a Cluster with their slots.
func (f *Feed) channelsOf(t *topic) iter.Seq2[channelName, uint16] {
	names := f.options.Keys
	return func(yield func(channelName, uint16) bool) {
		switch {
		case !f.sharded && t.everyone():
			yield(channelName{names.LogPattern(), true}, 0)
		case !f.sharded:
			yield(channelName{names.LogChannel(t.username), false}, 0)
		case t.everyone():
			for _, slot := range names.UsedSlots() {
				if !yield(channelName{names.SlotChannel(slot), false}, slot) {
					return
				}
			}
		default:
			slot := names.Slot(t.username)
			yield(channelName{names.SlotChannel(slot), false}, slot)
		}
	}
}

// watch has the channels of a topic heard.
func (f *Feed) watch(t *topic) {
	var heard, lost []*channel
	for name, slot := range f.channelsOf(t) {
		ch := f.channels[name]
		if ch == nil {
			ch = &channel{channelName: name, slot: slot}
			f.channels[name] = ch
			f.unplaced[ch] = true
		}
		ch.topics = append(ch.topics, t)
		if t.slots == nil {
			t.channel = ch
		}
		switch {
		case ch.heard:
			heard = append(heard, ch)
		case ch.lost:
			lost = append(lost, ch)
		}
	}
	for _, ch := range heard {
		t.heard(ch.slot)
		ch.conn.readNext(t)
	}
	if len(lost) > 0 {
		t.lose(slotsOf(lost))
	}
	f.placeAfter = time.Time{}
}

// unwatch gives up the channels of a topic that no other topic needs.
func (f *Feed) unwatch(t *topic) {
	unused := map[*connection][]*channel{}
	for name := range f.channelsOf(t) {
		ch := f.channels[name]
		ch.topics = slices.DeleteFunc(ch.topics, func(other *topic) bool { return other == t })
		if ch.conn != nil {
			delete(ch.conn.waiting, t)
		}
		if len(ch.topics) > 0 {
			continue
		}
		delete(f.channels, name)
		delete(f.unplaced, ch)
		if ch.conn != nil {
			unused[ch.conn] = append(unused[ch.conn], ch)
		}
	}
	for c, channels := range unused {
		c.unsubscribe(channels)
	}
}

// confirmed notes that a server has confirmed a subscription: from now on the feed hears everything that is published on the
// channel. So snapshots of the channel's topics are due.
func (f *Feed) confirmed(c *connection, name channelName) {
	ch := f.channels[name]
	if ch == nil || ch.conn != c {
		return
	}
	if !ch.heard {
		ch.heard, ch.lost = true, false
		c.unheard--
	}
	ch.epoch++
	for _, t := range ch.topics {
		t.heard(ch.slot)
		c.readNext(t)
	}
}

// refresh has the lists of a topic read again. The topic's channels are heard all the while.
func (f *Feed) refresh(t *topic) {
	for name := range f.channelsOf(t) {
		if ch := f.channels[name]; ch.heard {
			t.heard(ch.slot)
			ch.conn.readNext(t)
		}
	}
}

// displace notes that a connection hears a channel no more, although the connection is well: another master of the Cluster has
// its slot, or gets it. The lists have what is published meanwhile.
func (f *Feed) displace(ch *channel) {
	c := ch.conn
	c.forget(ch)
	f.unplaced[ch] = true
	for _, t := range ch.topics {
		t.miss([]uint16{ch.slot}, time.Now())
	}
	f.reload()
}

// slotsOf are the slots of some channels.
func slotsOf(channels []*channel) []uint16 {
	slots := make([]uint16, len(channels))
	for i, ch := range channels {
		slots[i] = ch.slot
	}
	return slots
}
