//go:build unix

package command_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// pair is a certificate of this host, signed by itself, and its key, in files.
type pair struct {
	t         *testing.T
	cert, key string
}

func newPair(t *testing.T) pair {
	dir := t.TempDir()
	p := pair{t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	p.renew(1)
	return p
}

// renew replaces both files, one after the other, with a certificate of that serial number.
func (p pair) renew(serial int64) {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(90 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		p.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(p.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	p.write(p.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func (p pair) write(file string, content []byte) {
	p.t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// roots are what a browser must trust to visit the site.
func (p pair) roots() *x509.CertPool {
	p.t.Helper()
	cert, err := os.ReadFile(p.cert)
	if err != nil {
		p.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return roots
}

// serial is the number of the certificate with which a site answers now.
func serial(t *testing.T, origin string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(origin, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestServeSpeaksHTTPS(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	files := newPair(t)
	r := start(t, environ{"USERLOG_TLS_KEY": files.key}, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL,
		"--tls-cert", files.cert, "--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "has been created")
	origin := r.origin(t)
	if !strings.HasPrefix(origin, "https://") {
		t.Fatalf("it says that it is at %s", origin)
	}
	v := visitTrusting(t, origin, files.roots())
	if p := v.logIn("/userlog", "root", password); p.path != "/userlog/" {
		t.Fatalf("the login leads to %s with status %d", p.path, p.status)
	}
	answer, err := v.client.Get(origin + "/userlog/")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 1 {
		t.Errorf("a page comes with status %d by %s, want 200 by HTTP/1, for which headers have a limit", answer.StatusCode, answer.Proto)
	}
	if strict := answer.Header.Get("Strict-Transport-Security"); strict != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security is %q", strict)
	}

	// Sockets need HTTP/1.1.
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: files.roots()}, Jar: v.client.Jar}
	socket, _, err := dialer.Dial("wss"+strings.TrimPrefix(origin, "https")+"/userlog/live/socket?username=ada&format=json", http.Header{"Origin": {origin}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	record(openStore(t, server.URL, store.Options{}), "ada", "/orders/7")
	for message := ""; !strings.Contains(message, "/orders/7"); {
		_, line, err := socket.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		message = string(line)
	}
}

// Behind a proxy that speaks https, browsers are told the same; on plain http nothing is said.
func TestStrictTransport(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]string{"": "", "--secure-cookies": "max-age=31536000"} {
		args := append([]string{"serve", "--addr", "127.0.0.1:0"}, strings.Fields(flags)...)
		v := visit(t, start(t, nil, args...).origin(t))
		answer, err := v.client.Get(v.origin + "/userlog/login")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Strict-Transport-Security"); got != want {
			t.Errorf("%q: %q, want %q", flags, got, want)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	origin := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--tls-cert", files.cert, "--tls-key", files.key).origin(t)
	_, err := tls.Dial("tcp", strings.TrimPrefix(origin, "https://"), &tls.Config{RootCAs: files.roots(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--tls-cert", files.cert, "--tls-key", files.key)
	origin := r.origin(t)
	if got := serial(t, origin); got != 1 {
		t.Fatalf("certificate %d, want 1", got)
	}
	files.renew(2)
	redistest.Eventually(t, "the second certificate is used", func() bool { return serial(t, origin) == 2 })

	files.write(files.cert, []byte("to be written"))
	redistest.Eventually(t, "the broken file is refused", func() bool {
		if got := serial(t, origin); got != 2 {
			t.Fatalf("with a broken file: certificate %d, want 2", got)
		}
		return strings.Contains(r.err.String(), "the new certificate can't be used")
	})
	files.renew(3)
	redistest.Eventually(t, "the third certificate is used", func() bool { return serial(t, origin) == 3 })
}
