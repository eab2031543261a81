package live

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// As long as a log is open it is told whose it is, each user once, and not of everyone's.
func TestTheHubTellsWhoseLogsAreOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		var mu sync.Mutex
		var told [][]string
		s.hub.options.Looking = func(_ context.Context, usernames []string) {
			mu.Lock()
			defer mu.Unlock()
			slices.Sort(usernames)
			told = append(told, usernames)
		}
		s.watch("username", "ada")
		s.watch("username", "ada", "json", "1")
		s.watch("username", "bob")
		s.watch("username", "")
		ended := s.watch("username", "eve", "account", "eve")
		time.Sleep(accessInterval + accessInterval/2)
		synctest.Wait()
		s.endFor("eve", nil)
		ended.closing()
		time.Sleep(3 * accessInterval)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if first, then := told[0], told[1]; !slices.Equal(first, []string{"ada", "bob", "eve"}) || !slices.Equal(then, []string{"ada", "bob"}) || len(told) < 4 {
			t.Errorf("told is %q", told)
		}
	})
}
