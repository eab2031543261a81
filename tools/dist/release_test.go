//go:build release

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// dist is the folder of a release. "make distcheck" sets it, as root, in a mount namespace and a network of its own.
var dist = flag.String("dist", "", "the `folder` of a release")

// The files of an image are run as an engine runs them: as their user, with nothing else in sight, and nothing that can be written.
func TestReleasedImage(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(*dist, "userlog_*_oci.tar"))
	if err != nil || len(names) != 1 {
		t.Fatalf("the images are %q, %v", names, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	image, _ := readImage(t, text, runtime.GOARCH)
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := &container{t: t, root: t.TempDir(), config: config.Config}
	files := mutate.Extract(image)
	defer files.Close()
	unpack(t, files, c.root)
	c.mountReadOnly()
	redis := startRedis(t)
	program := c.command(append(config.Config.Entrypoint, config.Config.Cmd...)...)
	program.Env = append(program.Env, "USERLOG_REDIS="+redis)
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(program.Process.Signal(syscall.SIGTERM), program.Wait()); err != nil {
			t.Errorf("it does not end well: %v", err)
		}
	}()
	c.await("ok", config.Config.Healthcheck.Test[1:]...)
	c.await("ready", config.Config.Entrypoint[0], "healthcheck")
	list := c.command(config.Config.Entrypoint[0], "account", "list", "--redis", redis)
	if out, err := list.Output(); err != nil || !strings.Contains(string(out), "no accounts yet") {
		t.Errorf("a command in it says %s, %v", out, err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:8080")
	if err != nil {
		t.Fatalf("the port is not reached: %v", err)
	}
	conn.Close()
}

// container is what an engine makes of an image.
type container struct {
	t      *testing.T
	root   string
	config v1.Config
}

// mountReadOnly has nobody write to its files.
func (c *container) mountReadOnly() {
	c.t.Helper()
	for _, options := range []string{"bind", "bind,remount,ro"} {
		if out, err := exec.Command("mount", "-o", options, c.root, c.root).CombinedOutput(); err != nil {
			c.t.Fatalf("%v: %s", err, out)
		}
	}
	c.t.Cleanup(func() {
		if out, err := exec.Command("umount", c.root).CombinedOutput(); err != nil {
			c.t.Errorf("%v: %s", err, out)
		}
	})
}

// command is a command in it.
func (c *container) command(words ...string) *exec.Cmd {
	c.t.Helper()
	user, group, _ := strings.Cut(c.config.User, ":")
	uid, err := strconv.ParseUint(user, 10, 32)
	gid, err2 := strconv.ParseUint(group, 10, 32)
	if err = errors.Join(err, err2); err != nil {
		c.t.Fatal(err)
	}
	return &exec.Cmd{Path: words[0], Args: words, Env: c.config.Env, Dir: c.config.WorkingDir, SysProcAttr: &syscall.SysProcAttr{
		Chroot: c.root, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
	}}
}

// await waits until a command says something.
func (c *container) await(want string, words ...string) {
	c.t.Helper()
	var out []byte
	var err error
	ticks, overdue := time.NewTicker(100*time.Millisecond), time.After(time.Minute)
	defer ticks.Stop()
	for waits := true; waits; {
		if out, err = c.command(words...).Output(); err == nil && string(out) == want+"\n" {
			return
		}
		select {
		case <-ticks.C:
		case <-overdue:
			waits = false
		}
	}
	c.t.Fatalf("%q says %s, %v", words, out, err)
}

// startRedis returns the URL of a Redis.
func startRedis(t *testing.T) string {
	t.Helper()
	const port = 6379 // nobody else is in this network
	server := exec.Command("redis-server", "--port", strconv.Itoa(port), "--save", "", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	return fmt.Sprintf("redis://127.0.0.1:%d/0", port)
}

// With an archive, somebody sees the first line of a log within seconds: it is unpacked, the demo is started, and a user's log is
// followed in the terminal.
func TestFirstLineOfAnArchive(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(*dist, "userlog_*_linux_"+runtime.GOARCH+".tar.gz"))
	if err != nil || len(names) != 1 {
		t.Fatalf("the archives are %q, %v", names, err)
	}
	folder, begun := t.TempDir(), time.Now()
	if out, err := exec.Command("tar", "-xzf", names[0], "-C", folder, "--strip-components=1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	redis := startRedis(t)
	var out bytes.Buffer
	demo := exec.Command(filepath.Join(folder, "userlog"), "demo", "--addr", "127.0.0.1:0", "--redis", redis)
	demo.Stdout, demo.Stderr = &out, &out
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = demo.Process.Signal(syscall.SIGTERM)
		_ = demo.Wait()
	}()
	tail := exec.Command(filepath.Join(folder, "userlog"), "tail", "--all", "--redis", redis)
	lines, err := tail.StdoutPipe()
	if err = errors.Join(err, tail.Start()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = tail.Process.Signal(syscall.SIGTERM)
		_ = tail.Wait()
	}()
	line := make([]byte, 300)
	n, err := lines.Read(line)
	if err != nil {
		t.Fatalf("nothing is recorded: %v\n%s", err, &out)
	}
	t.Logf("%s after the archive was taken, there is %q", time.Since(begun).Round(10*time.Millisecond), line[:n])
}
