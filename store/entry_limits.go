package store

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/store/internal/mask"
)

// Limits of an entry. Strings that are longer are cut, and the entry is flagged as truncated. It is never refused.
const (
	MaxPath       = 2048 // bytes of Entry.Path, after masking
	MaxLink       = 512  // bytes of Entry.From, of Entry.Location and of Entry.Problem, after masking
	MaxString     = 256  // bytes of any other string
	MaxExtra      = 16   // pairs in Entry.Extra; the first ones in the order of their names are kept
	MaxEntryBytes = 4096 // the line in Redis
)

// maxVisit is how many bytes Entry.Visit has at most.
const maxVisit = 16

// keptProblem is how many bytes of Entry.Problem are kept in any case.
const keptProblem = 64

// How much of a path or link masking looks at. It is more than is kept, because masking shortens.
const (
	maxRawPath = 2 * MaxPath
	maxRawLink = 2 * MaxLink
)

// bound cuts the entry's strings to their limits, and sees to it that the entry can be read back. It makes the entry
// independent of the caller's memory: a string that is cut is copied, so that it does not keep a long request line alive.
func (e *Entry) bound() {
	if e.Method == "" {
		e.Method = "GET" // as net/http has it
	}
	if e.Path == "" {
		e.Path = "/"
	}
	e.Code = min(max(e.Code, 0), 999)
	if !e.Kind.known() {
		e.Kind = KindUnknown
	}
	if !e.Ended.known() {
		e.Ended = EndOrdinary
	}
	if e.Reference != "" {
		e.Reference, _ = ParseReference(e.Reference) // a text that is no reference can't be searched, and is dropped
	}
	if !IsVisitor(e.Visitor) {
		e.Visitor = ""
	}
	if CheckUsername(e.Became) != nil || !IsVisitor(e.Username) {
		e.Became = ""
	}
	if e.Actor == e.Username {
		e.Actor = "" // nobody acts in her own place
	}
	e.boundStrings()
}

// boundStrings cuts the entry's strings to their limits.
func (e *Entry) boundStrings() {
	if len(e.Visit) > maxVisit {
		e.Visit, e.Truncated = "", true // it may be the session's id itself, by which somebody could take the session over
	}
	if e.size() > MaxString { // as a rule, all strings together are shorter than each may be, and none has to be looked at
		e.cutStrings()
	}
	if len(e.Extra) > 0 {
		e.boundExtra()
	}
}

// size is the length of all strings but those of Extra, and but the username, which is refused if it is too long.
func (e *Entry) size() int {
	return len(e.Path) + len(e.From) + len(e.Location) + len(e.Problem) + len(e.Actor) + len(e.ID) + len(e.Method) +
		len(e.Route) + len(e.RequestID) + len(e.Page) + len(e.Client) + len(e.Application)
}

// cutStrings cuts each string to its limit.
func (e *Entry) cutStrings() {
	tooLong := len(e.Path) > maxRawPath || max(len(e.From), len(e.Location)) > maxRawLink
	e.cutAddress(&e.Path, maxRawPath)
	e.cutAddress(&e.From, maxRawLink)
	e.cutAddress(&e.Location, maxRawLink)
	e.cutAddress(&e.Problem, maxRawLink)
	if tooLong {
		e.Problem = mask.OnlyWords(e.Problem) // it may quote what has been cut off, which nothing knows when the problem is masked
	}
	e.cut(&e.Actor)
	e.cut(&e.ID)
	e.cut(&e.Method)
	e.cut(&e.Route)
	e.cut(&e.RequestID)
	e.cut(&e.Page)
	e.cut(&e.Client)
	e.cut(&e.Application)
}

// boundExtra replaces Extra by a bounded copy.
func (e *Entry) boundExtra() {
	names := slices.Sorted(maps.Keys(e.Extra))
	if len(names) > MaxExtra {
		names, e.Truncated = names[:MaxExtra], true
	}
	bounded := make(map[string]string, len(names))
	for _, name := range names {
		value := e.Extra[name]
		e.cut(&name)
		e.cut(&value)
		bounded[name] = value
	}
	e.Extra = bounded
}

// cut shortens s to MaxString.
func (e *Entry) cut(s *string) {
	if len(*s) > MaxString {
		*s, e.Truncated = cutRune(*s, MaxString), true
	}
}

// cutAddress shortens a path to n bytes before it is masked.
func (e *Entry) cutAddress(path *string, n int) {
	if len(*path) > n {
		*path, e.Truncated = cutPath(*path, n), true
	}
}

// mask hides what is sensitive in the entry's addresses and in the words of the application, and shortens them to
// their limits. Words that quote a value which is hidden in an address don't show it, either.
func (e *Entry) mask(m *mask.Masker) {
	if e.Problem != "" {
		e.Problem = m.Echoes(e.Problem, e.Path, e.From, e.Location)
	}
	e.shorten(&e.Path, m.Path(e.Path), MaxPath)
	e.shorten(&e.From, m.Path(e.From), MaxLink)
	e.shorten(&e.Location, m.Path(e.Location), MaxLink)
	if e.Problem != "" {
		e.shorten(&e.Problem, m.Sentence(e.Problem), MaxLink)
	}
}

// shorten sets a field to what masking has left of it, cut at its limit.
func (e *Entry) shorten(field *string, masked string, limit int) {
	*field = masked
	if len(masked) > limit {
		*field, e.Truncated = cutRune(masked, limit), true
	}
}

// cutRune returns a copy of the first n bytes of s or a little less, whole characters.
func cutRune(s string, n int) string {
	for back := 0; back < utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]); back++ {
		n--
	}
	return strings.Clone(s[:n])
}

// cutPath returns a copy of the first n bytes of a path. If the cut leaves little of the last
// component, that goes, too: too little of a secret would not be recognised as one.
func cutPath(path string, n int) string {
	const recognisable = 64
	path = cutRune(path, n)
	if last := strings.LastIndexAny(path, "/?&;=#") + 1; len(path)-last < recognisable {
		path = path[:last]
	}
	return path
}

// appendLine appends the entry in the wire format, and makes it fit MaxEntryBytes. Strings full of escapes may make a
// line too long. Then the fields that identify the request are the last to be shortened.
func (e *Entry) appendLine(b []byte) []byte {
	start := len(b)
	b = e.appendJSON(b)
	if len(b)-start <= MaxEntryBytes {
		return b
	}
	e.Truncated, e.Extra, e.Route, e.RequestID = true, nil, "", ""
	if b = e.appendJSON(b[:start]); len(b)-start <= MaxEntryBytes {
		return b
	}
	e.Page, e.From, e.Location, e.Client, e.Application = "", "", "", "", ""
	e.Problem = cutRune(e.Problem, min(len(e.Problem), keptProblem)) // some of it stays: a problem makes the entry a failure
	for b = e.appendJSON(b[:start]); len(b)-start > MaxEntryBytes; b = e.appendJSON(b[:start]) {
		e.Path = cutRune(e.Path, len(e.Path)/2)
	}
	return b
}
