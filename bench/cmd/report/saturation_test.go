package main

import (
	"testing"
)

func TestParseWrk(t *testing.T) {
	const good = "  84107 requests in 4.00s, 10.27MB read\nRequests/sec:  21023.55\nTransfer/sec:      2.57MB\n"
	if got, err := parseWrk(good); err != nil || got != 21023.55 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{
		"  Non-2xx or 3xx responses: 4\n" + good,
		"  Socket errors: connect 0, read 1, write 0, timeout 0\n" + good,
		"",
	} {
		if got, err := parseWrk(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
}
