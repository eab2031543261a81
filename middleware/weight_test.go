package middleware_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A host application compiles what it imports. Recording must not cost it the admin.
func TestMiddlewareIsLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/gin-userlog/userlog/middleware").Output()
	if err != nil {
		t.Fatal(err)
	}
	dependencies := strings.Fields(string(out))
	if len(dependencies) < 10 {
		t.Fatalf("go list -deps found only %v", dependencies)
	}
	for _, heavy := range []string{
		"olahol/melody", "gorilla/websocket", "alicebob/miniredis", "crypto/argon2", "go-i18n", "gorilla/sessions",
		"prometheus", "kong", "userlog/views", "userlog/static", "userlog/handlers", "userlog/auth", "userlog/internal",
	} {
		for _, dependency := range dependencies {
			if strings.Contains(dependency, heavy) {
				t.Errorf("importing middleware compiles %s", dependency)
			}
		}
	}
}
