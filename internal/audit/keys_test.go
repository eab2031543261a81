package audit_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
)

// A script that writes both keys needs them on one node of a Cluster.
func TestKeysShareAHashTag(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "userlog:", "shop:", "{shop}:"} {
		keys := audit.Keys{Prefix: prefix}
		if keys.Records() == keys.Head() || hashTag(keys.Records()) == "" || hashTag(keys.Records()) != hashTag(keys.Head()) {
			t.Errorf("prefix %q: %s and %s", prefix, keys.Records(), keys.Head())
		}
	}
}

// hashTag returns the part of a key that decides on the node: what is in the first pair of braces.
func hashTag(key string) string {
	_, rest, _ := strings.Cut(key, "{")
	tag, _, _ := strings.Cut(rest, "}")
	return tag
}
