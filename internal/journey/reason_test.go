package journey_test

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
)

func TestAReasonNamesTheFields(t *testing.T) {
	for problem, want := range map[string]string{
		"card number: required":                                   "card number",
		"card number: required; card number: min 3; expiry: date": "card number, expiry",
		"card number: required; expiry: datetime; and more":       "card number, expiry …",
		"straße: required":                                        "straße",
		"card declined":                                           "card declined",
		"Password: must have 8 characters":                        "Password: must have 8 characters",
		"not JSON":                                                "not JSON",
		"card number: required; try again":                        "card number: required; try again",
		"http://shop: gone":                                       "http://shop: gone",
		"and more":                                                "and more",
		"":                                                        "",
	} {
		if got := journey.Reason(problem); got != want {
			t.Errorf("%q is %q, want %q", problem, got, want)
		}
	}
}
