//go:build unix

package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Certificates are an authority, and a certificate of 127.0.0.1 that it has signed, in PEM files. Both ends may show it.
type Certificates struct{ CA, Cert, Key string }

// NewCertificates makes certificates, whose files last as long as the test.
func NewCertificates(t testing.TB) Certificates {
	t.Helper()
	dir := t.TempDir()
	c := Certificates{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the authority of a test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	ours := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: loopback}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(loopback)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	caKey, key := newKey(t), newKey(t)
	writePEM(t, c.CA, "CERTIFICATE", sign(t, authority, authority, caKey, caKey))
	writePEM(t, c.Cert, "CERTIFICATE", sign(t, ours, authority, key, caKey))
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, c.Key, "PRIVATE KEY", private)
	return c
}

// options are what redis-server needs to speak TLS on a port.
func (c Certificates) options(port string) []string {
	return []string{"--tls-port", port, "--tls-ca-cert-file", c.CA, "--tls-cert-file", c.Cert, "--tls-key-file", c.Key}
}

// StartTLS is [Start] for a server that also speaks TLS on a port of 127.0.0.1, its Address. Clients must show a certificate
// of the same authority, unless args say otherwise ("--tls-auth-clients", "no").
func StartTLS(t testing.TB, c Certificates, args ...string) *Server {
	t.Helper()
	s := newServer(t)
	s.runOnFreePort(func(port string) {
		s.listen("0", slices.Concat([]string{"--bind", loopback}, c.options(port), args)...)
		s.Address = net.JoinHostPort(loopback, port)
	})
	return s
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	cert, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func writePEM(t testing.TB, file, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}
