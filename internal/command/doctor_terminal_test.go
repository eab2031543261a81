//go:build unix

package command_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"
)

// What a server says of itself, in its certificate or where it leads to, can do nothing to the terminal of who examines it.
func TestDoctorShowsTextsOfServersHarmlessly(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"a\x1b]0;owned\x07\x1b[2J.example"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://a\u202e\u009b2J.example/")
		w.WriteHeader(http.StatusFound)
	})
	secret := httptest.NewUnstartedServer(site)
	secret.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	secret.StartTLS()
	t.Cleanup(secret.Close)
	plain := httptest.NewServer(site)
	t.Cleanup(plain.Close)
	for _, address := range []string{secret.URL, plain.URL} {
		for _, format := range [][]string{nil, {"--json"}} {
			done := do(t, nil, "", append([]string{"doctor", "--url", address}, format...)...)
			if found := strings.IndexFunc(done.out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); found >= 0 || done.out == "" {
				t.Errorf("%s: %q", address, done.out)
			}
		}
	}
}

// Nor can what something in place of a Redis answers.
func TestRefusalsAreShownHarmlessly(t *testing.T) {
	t.Parallel()
	redis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Close() })
	go func() {
		for {
			conn, err := redis.Accept()
			if err != nil {
				return
			}
			go refuseAll(conn)
		}
	}()
	for _, command := range []string{"account list", "doctor"} {
		done := do(t, nil, "", append(strings.Fields(command), "--redis", "redis://"+redis.Addr().String())...)
		both := done.out + done.err
		if strings.ContainsFunc(both, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || !strings.Contains(both, "owned") {
			t.Errorf("%s: %q", command, both)
		}
	}
}

// refuseAll answers all that comes over a connection with a text that would do something to a terminal.
func refuseAll(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // the client has gone
		}
		if strings.HasPrefix(line, "*") { // a command begins
			_, _ = io.WriteString(conn, "-NOPERM a\x1b]0;owned\x07\x1b[2J\u202e\u009b2J\r\n")
		}
	}
}
