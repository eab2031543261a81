package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// goMod is the go.mod of an application that has been left alone for a while.
const goMod = `module host

go 1.25

require (
	github.com/gin-contrib/sessions v1.0.1
	github.com/gin-gonic/gin v1.10.1
)
`

// plain is a program of that application, and tracked is the same program with userlog.
const (
	plain = `package main

import (
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

func main() {
	r := gin.New()
	r.Use(sessions.Sessions("session", cookie.NewStore([]byte("secret"))))
	r.Run()
}
`
	tracked = `package main

import (
	"context"
	"log"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

func main() {
	logs, err := store.Open("redis://localhost:6379/0", store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer logs.Close(context.Background())
	r := gin.New()
	r.Use(sessions.Sessions("session", cookie.NewStore([]byte("secret"))))
	r.Use(middleware.Track(logs, func(c *gin.Context) string { return c.GetString("user") }, middleware.Options{}))
	r.Run()
}
`
)

// prefix begins the paths of userlog's modules.
const prefix = "github.com/gin-userlog/userlog/"

// light are the modules that a host needs, as folders of the working tree.
var light = []string{"internal/redistest", "middleware", "store"}

// weight is what an application carries.
type weight struct {
	language string            // the go line of its go.mod
	modules  map[string]string // its build list, path → version
	sums     string            // its go.sum
	binary   int64             // bytes, stripped
}

// host is an application in a folder of its own.
type host struct {
	dir       string
	toolchain string // the Go that it is built with
}

// without returns the weight of the application as it is.
func (h host) without() (weight, error) {
	if err := errors.Join(h.write("go.mod", goMod), h.write("main.go", plain)); err != nil {
		return weight{}, err
	}
	if _, err := h.run("mod", "tidy"); err != nil {
		return weight{}, err
	}
	return h.weigh()
}

// with returns the weight of the application when it uses userlog, of the working tree at root. The modules are added
// as the documentation says, by go get, and then tidied.
func (h host) with(root string) (added, tidied weight, err error) {
	if err := h.write("main.go", tracked); err != nil {
		return weight{}, weight{}, err
	}
	for _, folder := range light {
		if _, err := h.run("mod", "edit", "-replace", prefix+folder+"="+filepath.Join(root, folder)); err != nil {
			return weight{}, weight{}, err
		}
	}
	if _, err := h.run("get", prefix+"middleware@v0.0.0"); err != nil {
		return weight{}, weight{}, err
	}
	if added, err = h.weigh(); err != nil {
		return weight{}, weight{}, err
	}
	if _, err := h.run("mod", "tidy"); err != nil {
		return weight{}, weight{}, err
	}
	tidied, err = h.weigh()
	return added, tidied, err
}

// weigh builds the application.
func (h host) weigh() (weight, error) {
	if _, err := h.run("build", "-ldflags=-s -w", "-o", "host", "."); err != nil {
		return weight{}, err
	}
	list, err := h.run("list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	if err != nil {
		return weight{}, err
	}
	language, err := h.run("list", "-m", "-f", "{{.GoVersion}}")
	if err != nil {
		return weight{}, err
	}
	sums, err := os.ReadFile(filepath.Join(h.dir, "go.sum"))
	if err != nil {
		return weight{}, err
	}
	binary, err := os.Stat(filepath.Join(h.dir, "host"))
	if err != nil {
		return weight{}, err
	}
	return weight{language: strings.TrimSpace(language), modules: versions(list), sums: string(sums), binary: binary.Size()}, nil
}

// versions reads a list of modules, one a line.
func versions(list string) map[string]string {
	modules := map[string]string{}
	for line := range strings.Lines(list) {
		module, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		modules[module] = version
	}
	return modules
}

func (h host) write(name, content string) error {
	return os.WriteFile(filepath.Join(h.dir, name), []byte(content), 0o600)
}

// run runs the go command in the application's folder, and returns what it prints.
func (h host) run(args ...string) (string, error) {
	command := exec.Command("go", args...)
	command.Dir = h.dir
	// The tag leaves out what takes longest to compile, before as well as after.
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false -tags=nomsgpack -gcflags=all=-dwarf=false", "GOTOOLCHAIN="+h.toolchain)
	output, err := command.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w\n%s", err, failed.Stderr)
		}
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return string(output), nil
}
