package middleware

import (
	"hash/maphash"
	"net/http"
	"strings"
	"sync/atomic"
)

// Limits of what is read and remembered of browsers.
const (
	maxAgent    = 512 // bytes of a User-Agent that are read
	maxBrands   = 256 // bytes of Sec-CH-UA that are read
	clientSlots = 256 // clients that are remembered
)

// clients tells which browser sent a request, in a few words of a fixed list: family, system and form, such as "Firefox, Android,
// phone". Nothing else of the headers leaves it. Each browser is judged once, and then found in a table of bounded size: what a
// stranger sends takes the place of what was remembered there.
type clients struct {
	seed  maphash.Seed
	slots [clientSlots]atomic.Pointer[knownClient]
}

// knownClient is a browser that was judged.
type knownClient struct{ agent, brands, words string }

func newClients() *clients { return &clients{seed: maphash.MakeSeed()} }

// of returns the words for the browser that sent a header. c is nil where nobody wants to know.
func (c *clients) of(h http.Header) string {
	if c == nil {
		return ""
	}
	agent, brands := value(h, "User-Agent"), value(h, "Sec-Ch-Ua")
	agent, brands = agent[:min(len(agent), maxAgent)], brands[:min(len(brands), maxBrands)]
	if agent == "" {
		return ""
	}
	slot := &c.slots[(maphash.String(c.seed, agent)+31*maphash.String(c.seed, brands))%clientSlots]
	if known := slot.Load(); known != nil && known.agent == agent && known.brands == brands {
		return known.words
	}
	known := &knownClient{strings.Clone(agent), strings.Clone(brands), clientWords(agent, brands)}
	slot.Store(known)
	return known.words
}
