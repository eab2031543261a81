package mask

// known is what is readable in a value although it looks like a secret.
type known uint8

const (
	objectIDs known = 1 << iota // ids of MongoDB
	digests                     // of well-known lengths, in hexadecimal
	anyRandom                   // whatever is random
	kept                        // whatever the value is itself: it must only tell no other secret
	atHost                      // nothing more, but a host is expected where the value begins, as in /proxy/https:/ada:pw@host
)

// sensitive reports whether a value has to be masked for what is in it.
func (w *walk) sensitive(t text, k known) bool {
	switch {
	case k&(anyRandom|kept) == 0 && w.random(t.decoded, k),
		k&kept == 0 && t.has&keying != 0 && w.hasCredential(t.decoded),
		k&kept == 0 && t.has&figures != 0 && w.hasCard(t.decoded),
		t.has&at != 0 && t.has&naming != 0 && w.hasUserinfo(t, k&atHost != 0),
		t.has&(naming|slash) != 0 && w.hasNamedSecret(t.decoded):
		return true
	}
	return false
}
