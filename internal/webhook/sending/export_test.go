package sending

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

// Constants for tests.
const (
	MaxPause = maxPause
	MaxAge   = maxAge
)

// PauseAfter is the function of this name.
func PauseAfter(attempt int) time.Duration { return pauseAfter(attempt) }

// Trust has the sender trust a certificate.
func (s *Sender) Trust(certificate *x509.Certificate) {
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	s.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
}

// Wake has the dispatcher look into the queues now.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}
