package mask

import "strings"

// hasUserinfo reports whether a text contains a name and a password before a host: https://ada:pw@host, but
// also https:/ada:pw@host and root:pw@tcp(db). atHost is whether it begins where a host is expected.
func (w *walk) hasUserinfo(t text, atHost bool) bool {
	w.work += 2 * len(t.decoded)
	f := userinfoFinder{walk: w, s: t.decoded, depths: t.depths, colon: -1, authority: atHost}
	for f.i = range len(f.s) {
		if userinfoMarks[f.s[f.i]] && f.found() {
			return true
		}
	}
	return false
}

// userinfoMarks are the characters that begin and end users and passwords.
var userinfoMarks = func() (table [256]bool) {
	for _, mark := range []byte("@:/\\?# \t\n\"'`<>+,&=;(){}[]|") {
		table[mark] = true
	}
	return table
}()

// userinfoFinder looks for user:password@host at one place of a text after the other.
type userinfoFinder struct {
	*walk
	s      string
	depths []uint8 // how often each character was encoded; nil if none was
	i      int     // the place

	begin     int   // of what may be the user
	colon     int   // behind the user, or -1
	noPort    bool  // there are not only digits behind the colon
	rejected  bool  // what begins there is something else
	authority bool  // it stands behind the slashes of an address
	depth     uint8 // of these slashes
}

// found reports whether a password ends here.
func (f *userinfoFinder) found() bool {
	switch c := f.s[f.i]; c {
	case '@':
		return f.endsPassword()
	case ':':
		if f.colon < 0 {
			f.colon, f.noPort = f.i, false
		}
	case '/', '\\', '?', '#':
		if !f.inUserinfo() {
			f.restart(c)
		}
	case ' ', '\t', '\n', '"', '\'', '`', '<', '>':
		f.restart(c)
	case '+', ',', '&', '=', ';', '(', ')', '{', '}', '[', ']', '|':
		if !f.authority {
			f.restart(c)
		}
	}
	return false
}

// endsPassword reports whether an @ stands behind a user and a password. Where no slashes announce a host, more
// has to be right: mailto:ada@shop.example, 12:30@office and
// shop:1.27@sha256:9f86 are something else.
func (f *userinfoFinder) endsPassword() bool {
	password := f.colon >= 0 && f.i > f.colon+1
	if f.authority || f.rejected {
		return f.authority && password
	}
	user := f.s[f.begin:max(f.colon, f.begin)]
	host := f.s[f.i+1:]
	f.rejected = !password || host == "" || isNumber(user) || strings.HasPrefix(host, "sha256:") || f.read(user).last&addressed != 0
	return !f.rejected
}

// inUserinfo reports whether a delimiter is a part of a user or password: it was encoded more often than the slashes
// before, or what stands before it can't be a port.
func (f *userinfoFinder) inUserinfo() bool {
	if !f.authority {
		return false
	}
	if f.depths != nil && f.depths[f.i] > f.depth {
		return true
	}
	if f.colon < 0 || f.s[f.begin] == '[' {
		return false
	}
	f.noPort = f.noPort || strings.Trim(f.s[f.colon+1:f.i], "0123456789") != ""
	return f.noPort
}

// restart begins anew behind a delimiter.
func (f *userinfoFinder) restart(delimiter byte) {
	slash := delimiter == '/' || delimiter == '\\'
	f.authority = slash && f.i > 0 && strings.IndexByte(`/\:`, f.s[f.i-1]) >= 0
	f.begin, f.colon, f.rejected, f.depth = f.i+1, -1, false, 0
	if f.depths != nil {
		f.depth = f.depths[f.i]
	}
}
