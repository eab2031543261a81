package middleware

import (
	"net/http/httptest"
	"testing"
)

// A writer that can do more than the one below breaks handlers, and so does one that can do less.
func TestEachVariantCanDoJustThat(t *testing.T) {
	r := &response{ResponseWriter: httptest.NewRecorder()}
	for can := range capability(1 << 5) {
		if got := capabilitiesOf(r.variant(can)); got != can {
			t.Errorf("variant %05b can %05b", can, got)
		}
	}
}
