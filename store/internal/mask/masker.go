// Package mask hides what must not be recorded of an address: passwords, tokens, keys. It knows nothing of
// entries, users and Redis.
//
// A value is hidden for one of three reasons: its name, the segment of the path before it, or what is in it.
// Names of parameters, of JSON members and of segments are judged by one vocabulary. Every pass reads a text
// once, from left to right, so that the work grows with the length of the address and with nothing else.
package mask

// masked replaces a value that must not be recorded.
const masked = "***"

// Masker hides sensitive values in a path and its query. A sensitive value is masked as a whole, and
// everything else stays as it is, byte for byte. A Masker is safe for use by several goroutines.
type Masker struct {
	host  nameSet // the host's own names of secrets
	allow nameSet // the only names whose values are kept, if restricted
	// restricted is whether there is a list of such names. An empty list allows none.
	restricted bool
}

// New makes a Masker. The values of the parameters in maskQuery are masked besides those of well-known
// names. Where allowQuery is not nil, only the values of its parameters are kept. [IsName] says which
// names are possible.
func New(maskQuery, allowQuery []string) *Masker {
	return &Masker{host: newNameSet(maskQuery), allow: newNameSet(allowQuery), restricted: allowQuery != nil}
}

// Path masks a request's path and query as the client sent them. It allocates only where there is
// something to mask or to decode.
func (m *Masker) Path(raw string) string {
	w := walk{Masker: m, raw: raw}
	w.maskPath()
	w.maskQuery()
	return w.result()
}
