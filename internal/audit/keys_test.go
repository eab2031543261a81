package audit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
)

// A script that writes several keys needs them on one node of a Cluster.
func TestKeysShareAHashTag(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "userlog:", "shop:", "{shop}:"} {
		keys := audit.Keys{Prefix: prefix}
		all := []string{keys.Records(), keys.Head(), keys.Viewings(), keys.ViewingsSeen(), keys.Attempts(), keys.AttemptsHead()}
		for i, key := range all {
			if slices.Index(all, key) != i || hashTag(key) == "" || hashTag(key) != hashTag(all[0]) {
				t.Errorf("prefix %q: %s", prefix, all)
			}
		}
	}
}

// hashTag returns the part of a key that decides on the node: what is in the first pair of braces.
func hashTag(key string) string {
	_, rest, _ := strings.Cut(key, "{")
	tag, _, _ := strings.Cut(rest, "}")
	return tag
}
