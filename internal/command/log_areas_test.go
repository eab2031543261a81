//go:build unix

package command_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Areas of the log have levels of their own: who is let in to which page is told where the admin is at debug level, and nothing else
// of that level is.
func TestAreasOfTheLogHaveTheirLevels(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, environ{"USERLOG_LOG_LEVEL": "admin=debug,access=error"}, "serve", "--addr", "127.0.0.1:0", "--access-log", "--redis", server.URL,
		"--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "level=INFO .*has been created") // the others are at info
	v := visit(t, r.origin(t))
	v.logIn("/userlog", "root", password)
	v.get("/userlog/account")
	v.get("/readyz")
	r.err.await(t, `level=DEBUG msg="userlog: let in" account=root route=/userlog/account`)
	if log := r.err.String(); strings.Contains(log, "msg=request") {
		t.Errorf("the area access is at error:\n%s", log)
	}
	for line := range strings.Lines(r.err.String()) {
		if strings.Contains(line, "level=DEBUG") && !regexp.MustCompile(`msg="userlog: `).MatchString(line) {
			t.Errorf("debug of another area: %s", line)
		}
	}
}
