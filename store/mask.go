package store

import "strings"

// masked replaces a value that must not be recorded.
const masked = "***"

// masker hides sensitive values in a path and its query. A value is sensitive by the name of its
// parameter, by the path's segment before it, or by itself; it is then masked as a whole. What is not
// sensitive stays as it is, byte for byte.
type masker struct {
	mask  map[string]bool // the host's own names, folded
	allow map[string]bool // nil, or the only names whose values are kept
}

func newMasker(mask, allow []string) *masker {
	m := &masker{mask: foldParameters(mask)}
	if allow != nil {
		m.allow = foldParameters(allow)
	}
	return m
}

// path masks a request's path and query as the client sent them. It allocates only where there is
// something to mask or to decode.
func (m *masker) path(raw string) string {
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
func (m *masker) segment(before, s string, has traits) string {
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
	case secretShape(decoded) && !isStaticFile(s), m.sensitive(decoded):
		return masked
	}
	return s
}

// parameter masks the value of one name=value, and a name that is a secret itself. A parameter
// without a value is judged as one.
func (m *masker) parameter(_, s string, has traits) string {
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
func (m *masker) sensitive(value string) bool {
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

// isStaticFile recognises a file of a site's build by its extension: its name often has a hash.
func isStaticFile(segment string) bool {
	dot := strings.LastIndexByte(segment, '.')
	if dot < 0 || strings.Contains(segment, "%") {
		return false
	}
	switch segment[dot+1:] {
	case "css", "js", "mjs", "map", "wasm", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf":
		return true
	}
	return false
}
