package mask

import "strings"

// walk is one pass over an address: over the segments of its path, then over the parameters of its query.
type walk struct {
	*Masker
	raw     string
	next    int  // where the next part begins
	inQuery bool // the parts are those of the query

	out    []byte // the masked address as far as copied; nil while nothing has been masked
	copied int    // how much of raw is in out

	collects bool     // what is masked is noted in hidden
	hidden   []string // parts of raw

	announced meaning // of the segments before
	holder    bool    // a segment before names a folder whose files are called by their digests
	scheme    bool    // the segment before is the end of a scheme, as in /proxy/https:/host
	pairs     answer  // whether a parameter's value is the name of a secret, as in name=password&value=x

	decoder decoder
	decoded strings.Builder // all that was decoded, one stretch after the other
	depths  []uint8         // likewise

	reads int // how many names were read, long ones counted as several
	work  int // how many bytes were looked at, which a test compares with the length of the address
}

// answer is to a question that is asked only once it matters.
type answer uint8

const (
	unasked answer = iota
	yes
	no
)

// part is what stands between two delimiters: name=value, or something without a name.
type part struct {
	start, end int    // where it is in the address
	text       string // all of it
	equals     int    // where its first = is, or -1
	delimiter  byte   // the one before it, 0 at the beginning
	name, rest traits // of what is before that = and behind it; without one, rest is of all
}

// cut returns the next part, up to one of the delimiters, and moves behind it. It returns false at the end.
func (w *walk) cut(delimiters traits) (p part, ok bool) {
	if w.next > len(w.raw) {
		return p, false
	}
	p = part{start: w.next, equals: -1}
	if w.next > 0 {
		p.delimiter = w.raw[w.next-1]
	}
	for p.end = p.start; p.end < len(w.raw); p.end++ {
		c := w.raw[p.end]
		if characters[c].traits&delimiters != 0 {
			break
		}
		if c == '=' && p.equals < 0 {
			p.equals, p.name, p.rest = p.end-p.start, p.rest, 0
			continue
		}
		p.rest |= characters[c].traits
	}
	w.next = p.end + 1
	w.work += w.next - p.start
	p.text = w.raw[p.start:p.end]
	return p, true
}

// bare returns a part that has no name, without the = at its end. Base64 ends so, too.
func (p *part) bare() (s string, ok bool) {
	if p.equals < 0 {
		return p.text, true
	}
	return p.text[:p.equals], strings.Trim(p.text[p.equals:], "=") == ""
}

// maskPath masks the segments and their ;name=value parameters.
func (w *walk) maskPath() {
	for {
		p, ok := w.cut(pathDelimiter | queryBegin)
		if !ok {
			return
		}
		switch {
		case p.text != "" && w.exhausted():
			w.replace(p.start, p.end, masked)
		case p.text == "":
			w.scheme = p.start > 0 && p.delimiter == '/' // two slashes, as in /proxy//host
		case p.delimiter == ';':
			w.pathParameter(&p)
		default:
			w.segment(&p)
		}
		if p.end < len(w.raw) && characters[w.raw[p.end]].traits&queryBegin != 0 {
			return
		}
	}
}

// maskQuery masks the parameters of the query.
func (w *walk) maskQuery() {
	for w.inQuery = true; ; {
		p, ok := w.cut(queryDelimiter)
		if !ok {
			return
		}
		switch {
		case p.text == "":
		case w.exhausted():
			w.replace(p.start, p.end, masked)
		default:
			w.parameter(&p)
		}
	}
}

// exhausted reports whether so many names have been read that no more will be. An address that is full of names is made
// to be costly. Parts that are not looked at are masked.
func (w *walk) exhausted() bool {
	const always, bytesForEach = 64, 12
	return w.reads > always && (w.reads-always)*bytesForEach > len(w.raw)
}

// replace writes something else in the place of a stretch of the address.
func (w *walk) replace(start, end int, with string) {
	if w.collects {
		w.hidden = append(w.hidden, w.raw[start:end])
	}
	if w.out == nil {
		w.out = make([]byte, 0, len(w.raw)+len(with))
	}
	w.out = append(append(w.out, w.raw[w.copied:start]...), with...)
	w.copied = end
}

// result returns the masked address.
func (w *walk) result() string {
	if w.out == nil {
		return w.raw
	}
	return string(append(w.out, w.raw[w.copied:]...))
}

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
