package mask

import (
	"net/url"
	"strings"
	"testing"
)

func TestDecodeUndoesAllEncodings(t *testing.T) {
	for encoded, want := range map[string]string{
		"": "", "plain": "plain", "a%20b": "a b", "%2541": "A", "%252541": "A", "%25%34%31": "A", "%2%35%34%31": "A", "%%41": "%A",
		"%zz": "%zz", "%": "%", "%4": "%4", "50%25+off": "50%+off", "%25zz": "%zz", "100%": "100%",
		`\u0041b`: "Ab", `\u00e9`: "é", `\u00zz`: `\u00zz`, `\\u0041`: `\A`, "%5Cu0041": "A", `\u002541`: "A", `\u0025u0041`: "%u0041",
		"密码：x": "密码:x", "ｐａｓｓ": "pass", "%EF%BC%9A": ":", "\xef\xbc": "\xef\xbc", "%ff": "\xff",
	} {
		if got := decode(encoded); got != want {
			t.Errorf("%q says %q, want %q", encoded, got, want)
		}
	}
}

func TestDepthsTellHowOftenABytesWasEncoded(t *testing.T) {
	var d decoder
	if got := d.decode("a%41%2541%252541é"); string(got) != "aAAAé" || string(d.depths[:len(got)]) != "\x00\x01\x02\x03\x00\x00" {
		t.Errorf("%q with depths %v", got, d.depths[:len(got)])
	}
}

// FuzzDecode compares with decoding again and again.
func FuzzDecode(f *testing.F) {
	f.Add("%252541%2%35zz%")
	f.Add("%25%3235 %%41%4")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\\") || strings.Contains(s, "\xef") || strings.Contains(strings.ToLower(s), "ef") || strings.Contains(s, "5") && strings.ContainsAny(s, "cC") {
			return // has, or may have, what url.PathUnescape does not undo
		}
		want := s
		for range len(s) {
			want = unescapeOnce(want)
		}
		if got := decode(s); got != want {
			t.Errorf("%q says %q, want %q", s, got, want)
		}
	})
}

// unescapeOnce decodes every valid %xx.
func unescapeOnce(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+2 < len(s) {
			if decoded, err := url.PathUnescape(s[i : i+3]); err == nil && s[i] == '%' {
				b.WriteString(decoded)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
