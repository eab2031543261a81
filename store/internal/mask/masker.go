// Package mask hides what must not be recorded of an address: passwords, tokens, keys. It knows nothing of
// entries, users and Redis.
package mask

import (
	"strings"

	"github.com/gin-userlog/userlog/store/internal/assetpath"
)

// masked replaces a value that must not be recorded.
const masked = "***"

// Masker hides sensitive values in a path and its query. A value is sensitive by the name of its
// parameter, by the path's segment before it, or by itself. A sensitive value is masked as a whole, and
// everything else stays as it is, byte for byte. A Masker is safe for use by several goroutines.
type Masker struct {
	mask  map[string]bool // the host's own names, folded
	allow map[string]bool // nil, or the only names whose values are kept
}

// New makes a Masker. The values of the parameters in maskQuery are masked besides those of well-known
// names. Where allowQuery is not nil, only the values of its parameters are kept. [IsName] says which
// names are possible.
func New(maskQuery, allowQuery []string) *Masker {
	m := &Masker{mask: foldParameters(maskQuery)}
	if allowQuery != nil {
		m.allow = foldParameters(allowQuery)
	}
	return m
}

// Path masks a request's path and query as the client sent them. It allocates only where there is
// something to mask or to decode.
func (m *Masker) Path(raw string) string {
	path, query := raw, ""
	if cut := strings.IndexAny(raw, "?#"); cut >= 0 {
		path, query = raw[:cut], raw[cut:]
	}
	path = rewrite(path, pathDelimiter, m.segment)
	if query != "" {
		query = rewrite(query, queryDelimiter, m.parameter)
	}
	if len(path)+len(query) == len(raw) && path == raw[:len(path)] && query == raw[len(path):] {
		return raw
	}
	return path + query
}

// rewrite applies f to each part of s between delimiters, its traits and what stands before it, and
// returns s itself if nothing changes.
func rewrite(s string, delimiter traits, f func(before, part string, has traits) string) string {
	var out strings.Builder
	copied, start, has := 0, 0, traits(0)
	for i := 0; i <= len(s); i++ {
		if i < len(s) && characters[s[i]].traits&delimiter == 0 {
			has |= characters[s[i]].traits
			continue
		}
		if part := s[start:i]; part != "" {
			if changed := f(s[:start], part, has); changed != part {
				out.WriteString(s[copied:start])
				out.WriteString(changed)
				copied = i
			}
		}
		start, has = i+1, 0
	}
	if copied == 0 {
		return s
	}
	out.WriteString(s[copied:])
	return out.String()
}

// segment masks one segment of the path, or one of its ;name=value parameters.
func (m *Masker) segment(before, s string, has traits) string {
	if has&naming != 0 && strings.Contains(s, "=") {
		return m.parameter(before, s, has)
	}
	decoded := s
	if has&percent != 0 {
		decoded = decode(s)
	}
	switch {
	case !isWords(decoded) && announces(before), isUserinfo(before, decoded):
		return masked
	case secretShape(decoded) && !assetpath.Is(s), m.sensitive(decoded):
		return masked
	}
	return s
}

// parameter masks the value of one name=value, and a name that is a secret itself. A parameter
// without a value is judged as one.
func (m *Masker) parameter(_, s string, has traits) string {
	name, value, found := s, "", false
	if has&naming != 0 {
		name, value, found = strings.Cut(s, "=")
	}
	decoded := decode(name)
	suspicious := secretShape(decoded) || m.sensitive(decoded)
	switch {
	case !found && suspicious:
		return masked
	case !found:
		return s
	case suspicious:
		return masked + "=" + masked
	case value == "":
		return s
	case m.secret(decoded):
		return name + "=" + masked
	case m.allow != nil:
		return s
	}
	if decoded := decode(value); secretShape(decoded) || m.sensitive(decoded) {
		return name + "=" + masked
	}
	return s
}

// sensitive reports whether a decoded value has to be masked for what is in it. What is encoded still
// can't be judged, and is masked.
func (m *Masker) sensitive(value string) bool {
	has := traitsOf(value)
	switch {
	case has&percent != 0 && isEncoded(value):
	case has&keying != 0 && hasCredential(value):
	case has&pathDelimiter != 0 && (hasUserinfo(value) || hasSecretSegment(value)):
	case has&naming != 0 && m.hasSecretName(value):
	default:
		return false
	}
	return true
}
