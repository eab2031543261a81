package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9/logging"
)

// suite is what all tests share. TestMain fills it in; nothing changes it afterwards.
var suite struct {
	userlog  string                 // path of the program
	contexts *browserContexts       // of the light browser
	chromium func() context.Context // these start it for the first test that asks
	shared   func() *sharedSite
	gallery  func() *gallery
}

func TestMain(m *testing.M) {
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (status int, err error) {
	gin.SetMode(gin.ReleaseMode) // of the applications that tests build
	logging.Disable()            // go-redis tells of every Redis that a test kills
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return 0, err
	}
	defer func() {
		if removed := os.RemoveAll(dir); err == nil {
			err = removed
		}
	}()
	if suite.userlog, err = build(dir); err != nil {
		return 0, err
	}
	browser, closeBrowser, err := openLight(dir)
	if err != nil {
		return 0, err
	}
	defer closeBrowser()
	suite.contexts = newBrowserContexts(browser)
	defer suite.contexts.site.Close()
	all := &allTests{dir: dir}
	suite.chromium = sync.OnceValue(func() context.Context { return shareChromium(all) })
	suite.shared = sync.OnceValue(func() *sharedSite { return startSharedSite(all) })
	suite.gallery = sync.OnceValue(func() *gallery { return openGallery(all) })
	status = m.Run()
	all.end()
	if all.Failed() {
		return 1, nil
	}
	return status, nil
}

// build compiles the program with the race detector, as RACE in the Makefile, and returns its path.
func build(dir string) (string, error) {
	binary := filepath.Join(dir, "userlog")
	cmd := exec.Command("go", "build", "-race", "-gcflags=golang.org/x/crypto/argon2=-race=false -dwarf=false", "-o", binary, ".")
	cmd.Dir = "../.."
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return binary, nil
}
