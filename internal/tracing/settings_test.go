package tracing_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/tracing"
)

// Traces go where the variables of OpenTelemetry say, and nowhere without them. Mistakes are named, without what may be secret.
func TestSettings(t *testing.T) {
	t.Parallel()
	const endpoint, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	for _, c := range []struct {
		env  map[string]string
		want string // the place, a mistake, or nothing
	}{
		{nil, ""},
		{map[string]string{endpoint: " "}, ""},
		{map[string]string{endpoint: "http://collector:4318"}, "http://collector:4318/v1/traces"},
		{map[string]string{endpoint: "https://collector/base/"}, "https://collector/base/v1/traces"},
		{map[string]string{endpoint: "http://other", traces: "http://collector/any"}, "http://collector/any"},
		{map[string]string{endpoint: "http://canary:canary@collector?canary"}, "http://collector/v1/traces"},
		{map[string]string{endpoint: "http://collector", "OTEL_SDK_DISABLED": "TRUE"}, ""},
		{map[string]string{endpoint: "http://collector", "OTEL_SDK_DISABLED": "false"}, "http://collector/v1/traces"},
		{map[string]string{endpoint: "http://collector", "OTEL_TRACES_EXPORTER": "none"}, ""},
		{map[string]string{endpoint: "http://collector", "OTEL_TRACES_EXPORTER": "otlp"}, "http://collector/v1/traces"},
		{map[string]string{endpoint: "collector:4318"}, endpoint + " is no address such as http://localhost:4318"},
		{map[string]string{traces: "http://canary:%zz@canary"}, traces + " is no address such as http://localhost:4318"},
		{map[string]string{endpoint: "grpc://canary"}, endpoint + " is no address such as http://localhost:4318"},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": use http/protobuf, which collectors take at port 4318`},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, "http://c/v1/traces"},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_HEADERS": "canary"}, "OTEL_EXPORTER_OTLP_HEADERS is no list such as api-key=one,team=two, with what is odd in values written as %20"},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s"}, `OTEL_EXPORTER_OTLP_TIMEOUT is "10s": use a number of milliseconds, such as 10000`},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_TIMEOUT": "-1"}, `OTEL_EXPORTER_OTLP_TIMEOUT is "-1": use a number of milliseconds, such as 10000`},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, `OTEL_EXPORTER_OTLP_COMPRESSION is "zstd": use gzip or none`},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere"}, "OTEL_EXPORTER_OTLP_CERTIFICATE: open /nowhere: no such file or directory"},
		{map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_CERTIFICATE": "settings_test.go"}, "OTEL_EXPORTER_OTLP_CERTIFICATE: settings_test.go has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"},
	} {
		settings, ok, err := tracing.Read(func(name string) (string, bool) { value, set := c.env[name]; return value, set })
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case ok:
			got = settings.Place()
		}
		if got != c.want || ok != (c.want != "") || strings.Contains(got, "canary") {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}
