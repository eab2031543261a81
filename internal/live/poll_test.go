package live

import (
	"context"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/store"
)

// A page that asks by itself is told what is wrong with Redis as it is now, also where nobody has a socket.
func TestAPageThatAsksIsToldWhatIsWrong(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		var fault store.Fault
		s.hub.options.Fault = func(context.Context) store.Fault { return fault }
		for _, test := range []struct {
			fault store.Fault
			state string
		}{{"out-of-memory", "store-refuses"}, {"", "instead"}, {"unreachable", "instead"}} {
			fault = test.fault
			frames, err := s.hub.Poll(t.Context(), Watch{Username: "ada", Lang: "en"})
			if err != nil || !strings.Contains(string(frames), `data-state="`+test.state+`"`) {
				t.Errorf("%q: %s, %v, want %s", test.fault, frames, err, test.state)
			}
		}
	})
}
