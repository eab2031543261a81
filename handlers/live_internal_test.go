package handlers

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
)

func TestHowLongASocketLasts(t *testing.T) {
	s := &site{Admin: &Admin{loginInterval: loginInterval}}
	for _, c := range []struct {
		via    auth.Via
		reason time.Duration // that is left; 0 where none is needed
		want   time.Duration // 0 for ever
	}{
		{auth.ViaSession, 0, 0}, {auth.ViaToken, 0, 0}, {auth.ViaHost, 0, time.Minute}, {auth.ViaProxy, 0, time.Minute},
		{auth.ViaSession, time.Hour, time.Hour}, {auth.ViaToken, time.Second, time.Second},
		{auth.ViaHost, time.Hour, time.Minute}, {auth.ViaProxy, time.Hour, time.Minute},
		{auth.ViaHost, time.Second, time.Second}, {auth.ViaProxy, time.Second, time.Second},
	} {
		var reason auth.Reason
		before := time.Now()
		if c.reason > 0 {
			reason.Until = before.Add(c.reason)
		}
		got, after := s.until(c.via, reason), time.Now()
		if c.want == 0 {
			if !got.IsZero() {
				t.Errorf("by %s: until %s", c.via, got)
			}
		} else if got.Before(before.Add(c.want)) || got.After(after.Add(c.want)) {
			t.Errorf("by %s, with a reason for %s: until %s after it began, want %s", c.via, c.reason, got.Sub(before), c.want)
		}
	}
}
