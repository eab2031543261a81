package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// errForeign is why a line that is valid JSON was not read as an entry.
var errForeign = errors.New("not a log entry: method, path and code are required, or a gap alone")

// MarshalJSON encodes the entry in the wire format, on one line. It never fails: bytes that are
// not UTF-8 become U+FFFD.
func (e Entry) MarshalJSON() ([]byte, error) {
	return e.appendJSON(make([]byte, 0, 256)), nil
}

// UnmarshalJSON decodes the wire format. Method, path and code are required, except of a marker ([Entry.OnlyGap]), which has
// none of them. Everything else may be absent, as it is in what django-userlog writes. Unknown fields are ignored.
func (e *Entry) UnmarshalJSON(line []byte) error {
	var wire struct {
		ID        string            `json:"id"`
		Username  string            `json:"username"`
		Actor     string            `json:"actor"`
		Method    string            `json:"method"`
		Path      string            `json:"path"`
		Code      *float64          `json:"code"`
		Ended     End               `json:"ended"`
		Problem   string            `json:"problem"`
		Reference string            `json:"reference"`
		Time      json.Number       `json:"time"`
		Duration  json.Number       `json:"duration"`
		Route     string            `json:"route"`
		RequestID string            `json:"request_id"`
		Page      string            `json:"page"`
		Kind      Kind              `json:"kind"`
		Scripted  bool              `json:"scripted"`
		From      string            `json:"from"`
		Location  string            `json:"location"`
		Client    string            `json:"client"`
		Visit     string            `json:"visit"`
		Visitor   string            `json:"visitor"`
		Became    string            `json:"became"`
		App       string            `json:"app"`
		Extra     map[string]string `json:"extra"`
		Truncated bool              `json:"truncated"`
		Repeats   float64           `json:"repeats"`
		Over      json.Number       `json:"over"`
		Aside     bool              `json:"aside"`
		Gap       *gapJSON          `json:"gap"`
	}
	if err := json.Unmarshal(line, &wire); err != nil {
		return fmt.Errorf("decode log entry: %w", err)
	}
	gap, code := wire.Gap.gap(), 0.0
	if wire.Code != nil {
		code = *wire.Code
	}
	marker := gap != nil && wire.Method == "" && wire.Path == "" && wire.Code == nil
	if !marker && (wire.Method == "" || wire.Path == "" || wire.Code == nil || code < 0 || code > 999) {
		return errForeign
	}
	at, err := parseMicros(wire.Time)
	if err != nil {
		return fmt.Errorf("decode log entry: time: %w", err)
	}
	took, err := parseMicros(wire.Duration)
	if err != nil {
		return fmt.Errorf("decode log entry: duration: %w", err)
	}
	over, err := parseMicros(wire.Over)
	if err != nil {
		return fmt.Errorf("decode log entry: over: %w", err)
	}
	if !wire.Kind.known() {
		wire.Kind = KindUnknown
	}
	if !wire.Ended.known() {
		wire.Ended = EndOrdinary
	}
	*e = Entry{
		ID: wire.ID, Username: wire.Username, Actor: wire.Actor, Method: wire.Method, Path: wire.Path,
		Code: int(code), Ended: wire.Ended, Problem: wire.Problem, Reference: wire.Reference,
		Time: time.UnixMicro(at).UTC(), Duration: time.Duration(took) * time.Microsecond,
		Route: wire.Route, RequestID: wire.RequestID, Page: wire.Page, Kind: wire.Kind,
		Scripted: wire.Scripted, From: wire.From, Location: wire.Location, Client: wire.Client, Visit: wire.Visit, Application: wire.App, Extra: wire.Extra, Truncated: wire.Truncated, Gap: gap, aside: wire.Aside,
	}
	if IsVisitor(wire.Visitor) {
		e.Visitor = wire.Visitor
	}
	if CheckUsername(wire.Became) == nil {
		e.Became = wire.Became
	}
	if wire.Repeats > 1 && wire.Repeats <= maxRepeats && over >= 0 {
		e.Repeats, e.Since = int(wire.Repeats), time.UnixMicro(at-over).UTC()
	}
	return nil
}

// maxRead is the longest line that is read as an entry, in bytes. Ours have [MaxEntryBytes] at most, and those of others not many times as much:
// an address that is longer gets through no server. Other lines would only make pages slow.
const maxRead = 64 << 10

var errLongLine = fmt.Errorf("not a log entry: it has more than %d bytes", maxRead)

// decode reads one line. A line that others have written is cut to the limits of entries, and one without an id gets one that is made from its bytes, so
// that repeats of it are recognised.
func decode(line string) (e Entry, err error) {
	if len(line) > maxRead {
		return Entry{}, errLongLine
	}
	if err := e.UnmarshalJSON([]byte(line)); err != nil {
		return Entry{}, err
	}
	e.boundStrings()
	e.identify(line)
	return e, nil
}

// decodeLine reads one line of username's list or channel. The list says whose entry it is, and the line does not: so no
// entry slips into another user's log.
func decodeLine(username, line string) (Entry, error) {
	e, err := decode(line)
	if err != nil {
		return Entry{}, err
	}
	e.Username = username
	return e, nil
}

// decodeNamedLine is decodeLine where the line alone says whose entry it is.
func decodeNamedLine(line string) (Entry, error) {
	e, err := decode(line)
	if err != nil {
		return Entry{}, err
	}
	if err := CheckUsername(e.Username); err != nil {
		return Entry{}, fmt.Errorf("decode log entry: %w", err)
	}
	return e, nil
}

// identify gives an entry without an id one that is made from its line.
func (e *Entry) identify(line string) {
	if e.ID != "" {
		return
	}
	sum := fnv.New64a()
	sum.Write([]byte(line))
	e.ID = "x" + strconv.FormatUint(sum.Sum64(), 36)
}

// maxRepeats bounds what is accepted as a number of repeats.
const maxRepeats = 1e12

// maxMicros bounds what is accepted as a time or duration: the year 9999 in microseconds.
const maxMicros = 253402300799e6

// parseMicros reads a JSON number of seconds as microseconds; an absent number is 0.
func parseMicros(n json.Number) (int64, error) {
	if n == "" {
		return 0, nil
	}
	seconds, err := n.Float64()
	if err != nil {
		return 0, err
	}
	micros := math.Round(seconds * 1e6)
	if math.Abs(micros) > maxMicros {
		return 0, fmt.Errorf("%s seconds is out of range", n)
	}
	return int64(micros), nil
}

// appendJSON appends the entry in the wire format. It is written by hand because it runs for every
// request of the host application: it allocates nothing but b's growth.
func (e *Entry) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendField(b, "id", e.ID)
	b = appendField(b, "username", e.Username)
	b = appendField(b, "actor", e.Actor)
	if !e.OnlyGap() {
		b = append(b, `"method":`...)
		b = appendString(b, e.Method)
		b = append(b, `,"path":`...)
		b = appendString(b, e.Path)
		b = append(b, `,"code":`...)
		b = strconv.AppendInt(b, int64(e.Code), 10)
		b = append(b, ',')
	}
	b = append(b, `"time":`...)
	b = appendMicros(b, e.Time.UnixMicro())
	if e.Duration != 0 {
		b = append(b, `,"duration":`...)
		b = appendMicros(b, e.Duration.Microseconds())
	}
	b = append(b, ',')
	b = appendField(b, "ended", string(e.Ended))
	b = appendField(b, "problem", e.Problem)
	b = appendField(b, "reference", e.Reference)
	b = appendField(b, "route", e.Route)
	b = appendField(b, "request_id", e.RequestID)
	b = appendField(b, "page", e.Page)
	b = appendField(b, "kind", string(e.Kind))
	if e.Scripted {
		b = append(b, `"scripted":true,`...)
	}
	b = appendField(b, "from", e.From)
	b = appendField(b, "location", e.Location)
	b = appendField(b, "client", e.Client)
	b = appendField(b, "visit", e.Visit)
	b = appendField(b, "visitor", e.Visitor)
	b = appendField(b, "became", e.Became)
	b = appendField(b, "app", e.Application)
	if len(e.Extra) > 0 {
		b = append(b, `"extra":{`...)
		for name, value := range e.Extra {
			b = appendString(b, name)
			b = append(b, ':')
			b = appendString(b, value)
			b = append(b, ',')
		}
		b[len(b)-1] = '}'
		b = append(b, ',')
	}
	if e.Truncated {
		b = append(b, `"truncated":true,`...)
	}
	if e.Repeats > 1 {
		b = append(b, `"repeats":`...)
		b = strconv.AppendInt(b, int64(e.Repeats), 10)
		b = append(b, `,"over":`...)
		b = strconv.AppendInt(b, max(0, int64(e.Time.Sub(e.Since)/time.Second)), 10)
		b = append(b, ',')
	}
	if e.aside {
		b = append(b, `"aside":true,`...)
	}
	b = e.Gap.appendJSON(b)
	b[len(b)-1] = '}'
	return b
}

// appendField appends a string field and a comma, or nothing where the value is empty.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	b = appendString(b, value)
	return append(b, ',')
}

// appendMicros appends microseconds as seconds with six decimals.
func appendMicros(b []byte, micros int64) []byte {
	if micros < 0 {
		b = append(b, '-')
		micros = -micros
	}
	b = strconv.AppendInt(b, micros/1e6, 10)
	b = append(b, '.')
	fraction := micros % 1e6
	for unit := int64(1e5); unit > 0; unit /= 10 {
		b = append(b, byte('0'+fraction/unit%10))
	}
	return b
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
		} else {
			b = append(b, s[start:i]...)
			if c == '"' || c == '\\' {
				b = append(b, '\\', c)
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
