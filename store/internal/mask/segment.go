package mask

import (
	"strings"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/store/internal/assetpath"
)

// segment masks a segment of the path.
func (w *walk) segment(p *part) {
	if _, bare := p.bare(); !bare {
		w.namedSegment(p)
		return
	}
	t := w.text(p.text, p.name|p.rest)
	hidden := w.hides(w.announced, t.decoded)
	if hidden || w.sensitive(t, w.knownInPath(t.decoded)) {
		w.replace(p.start, p.end, masked)
	}
	name := t.decoded
	if t.encoded {
		name, _, _ = strings.Cut(name, ";")
	}
	w.pass(name, hidden)
	w.scheme = strings.HasSuffix(t.decoded, ":")
}

// namedSegment masks a segment like page=2.
func (w *walk) namedSegment(p *part) {
	name := w.text(p.text[:p.equals], p.name)
	hidden := w.hides(w.announced, p.text)
	if hidden || w.scheme && w.isAuthority(p) {
		w.replace(p.start, p.end, masked)
	} else {
		w.named(p, name)
	}
	if segment, _, found := strings.Cut(name.decoded, ";"); found || hidden {
		w.pass(segment, hidden)
	}
	w.scheme = strings.HasSuffix(p.text, ":")
}

// isAuthority recognises ada:p=w@host.
func (w *walk) isAuthority(p *part) bool {
	if (p.name|p.rest)&(at|encoded|escape) == 0 {
		return false
	}
	t := w.text(p.text, p.name|p.rest|naming)
	return t.has&at != 0 && w.hasUserinfo(t, true)
}

// pass keeps what a segment announces.
func (w *walk) pass(segment string, hidden bool) {
	r := w.readSegment(segment)
	w.announced = w.announces(w.announced, segment, &r, hidden)
	w.holder = w.holder || r.last&digestHolder != 0
}

// pathParameter masks what follows a segment and a semicolon.
func (w *walk) pathParameter(p *part) {
	if _, bare := p.bare(); !bare {
		w.named(p, w.text(p.text[:p.equals], p.name))
	} else if t := w.text(p.text, p.rest|p.name); w.hides(w.announced, t.decoded) || w.sensitive(t, 0) {
		w.replace(p.start, p.end, masked)
	}
}

// knownInPath returns what is readable in a segment although it is random.
func (w *walk) knownInPath(segment string) known {
	k := objectIDs
	if w.scheme {
		k |= atHost
	}
	switch {
	case len(segment) < window: // too short to be random
	case assetpath.Is(segment):
		k |= anyRandom
	case w.holder || isNamedFile(segment):
		k |= digests
	}
	return k
}

// isNamedFile recognises a file whose name has more than one word, such as report-7.pdf: a digest among
// them is a part of a naming scheme. A file that is called by its digest only may be a secret link.
func isNamedFile(segment string) bool {
	const longestExtension = 5
	dot := strings.LastIndexByte(segment, '.')
	if dot < 0 || len(segment)-dot-1 > longestExtension || dot+1 == len(segment) || class(segment[dot+1]) == digit {
		return false
	}
	return strings.ContainsAny(segment[:dot], "-_.")
}

// hides reports whether a segment is a secret because of the segments before it.
func (w *walk) hides(announced meaning, segment string) bool {
	switch announced {
	case announcing, secret:
		w.work += len(segment)
		return !isWords(segment)
	case common:
		w.work += len(segment)
		return isMixed(segment) && identifier(segment, objectIDs) != len(segment)
	}
	return false
}

// announces returns what is announced behind a segment that stands behind another announcement. A secret
// may come after the name of a user or of a channel: /reset/7/<token>, /verify/email/<code>.
func (w *walk) announces(before meaning, segment string, r *nameWords, hidden bool) meaning {
	if !hidden && (r.any|r.parts != 0 || w.host.longest > 0) {
		if own := w.segmentMeaning(segment, r); own != harmless {
			return own
		}
	}
	if before == harmless {
		return harmless
	}
	if before != common && (hidden || len(segment) <= wordsAlways || r.last&channel != 0) {
		return before
	}
	return harmless
}

// readSegment reads a segment as a name. A long one is a title, which announces nothing.
func (w *walk) readSegment(segment string) (r nameWords) {
	const longestName = 64
	if len(segment) <= longestName {
		r = w.read(segment)
	}
	return r
}

// segmentMeaning returns what a segment of a path says of the next one. In the plural, it names a collection, and an
// id follows: /tokens/7.
func (w *walk) segmentMeaning(segment string, r *nameWords) meaning {
	found := r.segmentMeaning()
	if found != secret && w.host.endsName(segment[:r.end]) {
		found = secret
	}
	if found != harmless && len(segment) > wordsAlways && strings.HasSuffix(segment, "s") && !strings.HasSuffix(segment, "ss") {
		return common
	}
	return found
}

// wordsAlways is up to which length something is no secret, whatever it is.
const wordsAlways = 3

// isWords reports whether a segment or a value reads like words, such as the last ones of /reset/password
// and /verify/phone-number: letters without an unusual number of odd pairs.
func isWords(s string) bool {
	if len(s) <= wordsAlways {
		return true
	}
	letters, capitals, odd := 0, 0, 0
	var before byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch kind := class(c); {
		case kind == lower:
			letters++
			odd += int(bit(isOdd(before, c)))
		case kind == upper:
			letters++
			capitals++
			odd += int(bit(isOdd(before, c)))
		case kind == digit || c < utf8.RuneSelf && characters[c].traits&betweenWords == 0:
			return false
		}
		before = c
	}
	shouting := capitals > 3 && capitals == letters
	return !shouting && odd*5 <= letters
}

// isMixed reports whether letters and digits are mixed in a word that is long enough for a secret.
func isMixed(s string) bool {
	start := 0
	var kinds uint8
	for i := 0; i <= len(s); i++ {
		if i < len(s) && class(s[i]) != other {
			kinds |= 1 << class(s[i])
			continue
		}
		if i-start > wordsAlways && kinds&(1<<digit) != 0 && kinds&(1<<lower|1<<upper) != 0 {
			return true
		}
		start, kinds = i+1, 0
	}
	return false
}
