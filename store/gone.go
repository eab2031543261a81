package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// goneMargin is by how much the user index may be behind a log: an application updates a user there every two seconds at most.
const goneMargin = indexInterval + time.Second

// Gone returns the user who is meant by a name that was typed or pasted, and whose log has expired: who it is, and when she was last
// seen, exact to about two seconds. It is for a name that has no log. ok is false where nobody of that name was there within
// [Options.Remember]. It waits for Redis for two seconds at most. The error may be [ErrPartial].
func (s *Store) Gone(ctx context.Context, typed string) (user Seen, ok bool, err error) {
	if s.options.Remember <= s.options.Retention {
		return Seen{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_ = s.clock.refresh(ctx) // if Redis does not answer, the commands below fail as well
	s.index.layout.refresh(ctx)
	names := slices.DeleteFunc(spelledLow(typed), func(name string) bool { return CheckUsername(name) != nil })
	if len(names) == 0 {
		return Seen{}, false, nil
	}
	scores, err := s.index.scoresIn(ctx, names, keys.Index.Users, keys.Index.Gone)
	if scores == nil {
		return Seen{}, false, fmt.Errorf("read when %q was seen: %w", typed, err)
	}
	now := s.Now()
	for i, name := range names {
		at := time.UnixMilli(int64(scores[i])).UTC()
		if age := now.Sub(at); age >= s.options.Retention-goneMargin && age <= s.options.Remember {
			return Seen{Username: name, At: at}, true, nil
		}
	}
	return Seen{}, false, err
}

// spelledLow are the spellings of a name, and those in small letters.
func spelledLow(typed string) []string {
	names := spellings(typed)
	for _, name := range names {
		if low := strings.ToLower(name); !slices.Contains(names, low) {
			names = append(names, low)
		}
	}
	return names
}
