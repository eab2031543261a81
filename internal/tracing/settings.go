package tracing

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultTimeout is what OpenTelemetry says for one attempt.
const defaultTimeout = 10 * time.Second

// Settings say where traces go, and how.
type Settings struct {
	Variable   string   // which names the place
	Endpoint   *url.URL // of traces
	Parents    bool     // requests of trusted proxies say which span is their parent
	headers    http.Header
	timeout    time.Duration // of one attempt
	compressed bool          // by gzip
	roots      *x509.CertPool
}

// Read reads the settings that OpenTelemetry has for its exporters, from the environment. ok is false where no traces are asked for. Errors are
// mistakes, and have no secrets.
func Read(lookup func(string) (string, bool)) (s Settings, ok bool, err error) {
	e := environment(lookup)
	if strings.EqualFold(e.value("OTEL_SDK_DISABLED"), "true") || !e.wantsTraces() {
		return s, false, nil
	}
	if s.Endpoint, s.Variable, err = e.endpoint(); s.Endpoint == nil || err != nil {
		return s, s.Endpoint != nil || err != nil, err
	}
	for _, read := range []func(*Settings) error{e.protocol, e.headers, e.timeout, e.compression, e.certificate} {
		if err := read(&s); err != nil {
			return s, true, err
		}
	}
	s.Parents = slices.Contains(strings.Split(e.value("OTEL_PROPAGATORS"), ","), "tracecontext")
	return s, true, nil
}

// Place is where traces go, without what may be secret in the address.
func (s Settings) Place() string {
	return (&url.URL{Scheme: s.Endpoint.Scheme, Host: s.Endpoint.Host, Path: s.Endpoint.Path}).String()
}

// environment is os.LookupEnv, or what stands in for it.
type environment func(string) (string, bool)

func (e environment) value(name string) string {
	value, _ := e(name)
	return strings.TrimSpace(value)
}

// exporter is a setting of the exporter: the one for traces goes before the one for all signals.
func (e environment) exporter(name string) (value, variable string) {
	for _, variable = range []string{"OTEL_EXPORTER_OTLP_TRACES_" + name, "OTEL_EXPORTER_OTLP_" + name} {
		if value = e.value(variable); value != "" {
			break
		}
	}
	return value, variable
}

// wantsTraces reports whether traces may be sent by OTLP.
func (e environment) wantsTraces() bool {
	wanted := e.value("OTEL_TRACES_EXPORTER")
	return wanted == "" || slices.Contains(strings.Split(wanted, ","), "otlp")
}

// endpoint is where traces go, or nil: what is named for all signals is completed by a path.
func (e environment) endpoint() (where *url.URL, variable string, err error) {
	text, variable := e.exporter("ENDPOINT")
	if text == "" {
		return nil, variable, nil
	}
	where, err = url.Parse(text)
	if err != nil || where.Scheme != "http" && where.Scheme != "https" || where.Host == "" {
		return nil, variable, fmt.Errorf("%s is no address such as http://localhost:4318", variable)
	}
	if !strings.Contains(variable, "TRACES") {
		where = where.JoinPath("v1", "traces")
	}
	return where, variable, nil
}

func (e environment) protocol(*Settings) error {
	if value, variable := e.exporter("PROTOCOL"); value != "" && value != "http/protobuf" {
		return fmt.Errorf("%s is %q: use http/protobuf, which collectors take at port 4318", variable, value)
	}
	return nil
}

func (e environment) headers(s *Settings) error {
	s.headers = make(http.Header)
	text, variable := e.exporter("HEADERS")
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil || strings.TrimSpace(name) == "" {
			return fmt.Errorf("%s is no list such as api-key=one,team=two, with what is odd in values written as %%20", variable)
		}
		s.headers.Set(strings.TrimSpace(name), value)
	}
	return nil
}

func (e environment) timeout(s *Settings) error {
	s.timeout = defaultTimeout
	text, variable := e.exporter("TIMEOUT")
	if text == "" {
		return nil
	}
	milliseconds, err := strconv.ParseInt(text, 10, 32)
	if err != nil || milliseconds <= 0 {
		return fmt.Errorf("%s is %q: use a number of milliseconds, such as 10000", variable, text)
	}
	s.timeout = time.Duration(milliseconds) * time.Millisecond
	return nil
}

func (e environment) compression(s *Settings) error {
	switch value, variable := e.exporter("COMPRESSION"); value {
	case "", "none":
	case "gzip":
		s.compressed = true
	default:
		return fmt.Errorf("%s is %q: use gzip or none", variable, value)
	}
	return nil
}

func (e environment) certificate(s *Settings) error {
	file, variable := e.exporter("CERTIFICATE")
	if file == "" {
		return nil
	}
	authorities, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	s.roots = x509.NewCertPool()
	if !s.roots.AppendCertsFromPEM(authorities) {
		return fmt.Errorf("%s: %s has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----", variable, file)
	}
	return nil
}
