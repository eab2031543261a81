//go:build unix

package audit_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// signedCopy returns a copy that one process has written of what two have done, and that was signed by the keys in turn.
func signedCopy(t *testing.T, client redis.UniversalClient, keys ...audit.SigningKey) string {
	t.Helper()
	d, n := &disk{}, 0
	c := audit.NewCopy("x", d, func() audit.SigningKey {
		n++
		return keys[n%len(keys)]
	}, slog.New(slog.DiscardHandler))
	log := audit.New(client, auditKeys, audit.Options{Copy: c.Add})
	for i := range 12 {
		action := audit.View
		if i%3 == 2 {
			action = audit.LoginFailed
		}
		if _, err := log.Append(t.Context(), audit.Record{Actor: "vera", Action: action, Subject: "a\u200bda"}); err != nil {
			t.Fatal(err)
		}
	}
	if lost := c.Close(t.Context()); lost != 0 {
		t.Fatalf("%d are lost", lost)
	}
	return d.text.String()
}

// An attacker who has the place of a copy, and Redis, and not the key, can neither alter nor remove a line, nor write one.
func TestSignedCopies(t *testing.T) {
	t.Parallel()
	old, now, other := audit.NewSigningKey(), audit.NewSigningKey(), audit.NewSigningKey()
	for name, c := range map[string]struct {
		tamper func(lines []string, forged string) []string
		says   string
	}{
		"nothing happens":      {func(lines []string, _ string) []string { return lines }, ""},
		"older files are gone": {func(lines []string, _ string) []string { return lines[3:] }, ""},
		"a syslog": {func(lines []string, _ string) []string {
			for i := range lines {
				lines[i] = "<85>Nov 30 00:00:00 host userlog-audit[1]: " + lines[i]
			}
			return lines
		}, ""},
		"twice, and cut off": {func(lines []string, _ string) []string { return append(lines, lines[2], lines[3][:40]+"\n") }, ""},
		"a line is removed":  {func(lines []string, _ string) []string { return append(lines[:4:4], lines[5:]...) }, "The copy lacks 1 lines"},
		"another key":        {func(_ []string, forged string) []string { return strings.SplitAfter(forged, "\n") }, "is not signed"},
		"signatures are taken off": {func(lines []string, _ string) []string {
			for i, line := range lines {
				before, _, _ := strings.Cut(line, `,"series":`)
				lines[i] = strings.TrimSuffix(before, "\n") + "}\n"
			}
			return lines
		}, "In the copy, record 1 is not signed"},
		"another number": {func(lines []string, _ string) []string {
			lines[0] = strings.Replace(lines[0], `"line":1,`, `"line":2,`, 1)
			return lines
		}, "is not signed"},
		"a member behind the signature": {func(lines []string, _ string) []string {
			lines[0] = strings.Replace(lines[0], `"}`, `","seq":7}`, 1)
			return lines
		}, "is not signed"},
		"the signature of another line": {func(lines []string, _ string) []string {
			first, _, _ := strings.Cut(lines[0], `,"series":`)
			_, second, _ := strings.Cut(lines[1], `,"series":`)
			lines[0] = first + `,"series":` + second
			return lines
		}, "is not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
				text := signedCopy(t, client, old, now)
				forged := signedCopy(t, client, other)
				copy := audit.SignedBy([]audit.PublicKey{now.Public(), old.Public()})
				if err := copy.Add(strings.NewReader(strings.Join(c.tamper(strings.SplitAfter(text, "\n"), forged), ""))); err != nil {
					t.Fatal(err)
				}
				got, err := audit.New(client, auditKeys, audit.Options{}).Compare(t.Context(), copy)
				if err != nil || !strings.Contains(got.Broken, c.says) || (got.Breaks > 0) != (c.says != "") {
					t.Errorf("%d breaks: %q, %v", got.Breaks, got.Broken, err)
				}
				unsigned := copied(t, text) // as those read it who have no key
				if got, err := audit.New(client, auditKeys, audit.Options{}).Compare(t.Context(), unsigned); err != nil || got.Breaks != 0 {
					t.Errorf("without keys: %q, %v", got.Broken, err)
				}
			})
		})
	}
}

func TestKeysAsTexts(t *testing.T) {
	t.Parallel()
	key := audit.NewSigningKey()
	again, err := audit.ParseSigningKey(key.Secret())
	if err != nil || again.Public().String() != key.Public().String() {
		t.Errorf("%v", err)
	}
	public, err := audit.ParsePublicKey(" " + key.Public().String() + "\r\n")
	if err != nil || public.String() != key.Public().String() {
		t.Errorf("%v", err)
	}
	for _, text := range []string{"", key.Public().String(), key.Secret()[:40], key.Secret() + "A", "userlog-audit-secret:"} {
		if _, err := audit.ParseSigningKey(text); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
	if _, err := audit.ParsePublicKey(key.Secret()); err == nil {
		t.Error("a secret is a public key")
	}
}

// What a line costs the goroutine that writes a copy, with and without a signature. No login waits for it.
func BenchmarkCopy(b *testing.B) {
	key := audit.NewSigningKey()
	line := []byte(`{"seq":1,"id":"x","time":"2026-11-30T00:00:00.000Z","actor":"vera","action":"view","subject":"ada","address":"192.0.2.1","via":"browser","oldest":1,"prev":"","hash":"` + strings.Repeat("0", 64) + "\"}\n")
	for name, keys := range map[string]func() audit.SigningKey{"plain": nil, "signed": func() audit.SigningKey { return key }} {
		b.Run(name, func(b *testing.B) {
			written := make(written)
			c := audit.NewCopy("x", written, keys, slog.New(slog.DiscardHandler))
			for b.Loop() {
				c.Add(line)
				<-written
			}
			c.Close(b.Context())
		})
	}
}

// written is a place that says when it has taken a line.
type written chan struct{}

func (w written) Write(line []byte) (int, error) {
	w <- struct{}{}
	return len(line), nil
}

func (written) Close() error { return nil }
