package handlers_test

import (
	"os/exec"
	"strings"
	"testing"
)

// An application that mounts the admin compiles nothing that only the program needs.
func TestHandlersBringNothingOfTheProgram(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "github.com/gin-userlog/userlog/handlers").Output()
	if err != nil {
		t.Fatal(err)
	}
	dependencies := strings.Fields(string(out))
	if len(dependencies) < 10 {
		t.Fatalf("go list -deps found only %v", dependencies)
	}
	for _, heavy := range []string{"opentelemetry", "prometheus", "kong", "go-oidc", "go-webauthn/webauthn", "internal/command", "internal/tracing", "internal/webhook/sending", "internal/rules/watching"} {
		for _, dependency := range dependencies {
			if strings.Contains(dependency, heavy) {
				t.Errorf("importing handlers compiles %s", dependency)
			}
		}
	}
}
