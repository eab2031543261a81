package webhook

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

// QueueKey is the key of the queue of a destination.
func (k Keys) QueueKey(destination string) string { return k.queue(destination) }

// MessagesKey is the key of the messages of a destination.
func (k Keys) MessagesKey(destination string) string { return k.messages(destination) }

// ToldKey is the key of what was told of a subject.
func (k Keys) ToldKey(subject string) string { return k.told(subject) }
