package upgrade

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// released is the commit of version 0.1.0.
const released = "a8c22b94e314a4344ef1fca1658f138e7c5d7493"

// version is one of the two programs.
type version struct {
	name    string
	program string // path of the executable
}

// versions are both. TestMain builds them; nothing changes them afterwards.
var versions struct{ old, current version }

func TestMain(m *testing.M) {
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "upgrade:", err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (status int, err error) {
	dir, err := os.MkdirTemp("", "upgrade-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "source")
	if err := checkOut(released, source); err != nil {
		return 0, err
	}
	if versions.old, err = build("0.1.0", source, dir); err != nil {
		return 0, err
	}
	if versions.current, err = build("this version", filepath.Join("..", ".."), dir); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// checkOut writes the files of a commit to a folder.
func checkOut(commit, folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	archive := filepath.Join(folder, "source.tar")
	if output, err := exec.Command("git", "-C", filepath.Join("..", ".."), "archive", "--output", archive, commit).CombinedOutput(); err != nil {
		return fmt.Errorf("commit %s is not here, fetch the whole history (git fetch --unshallow): %w: %s", commit, err, output)
	}
	if output, err := exec.Command("tar", "-C", folder, "-xf", archive).CombinedOutput(); err != nil {
		return fmt.Errorf("unpack %s: %w: %s", commit, err, output)
	}
	return nil
}

func build(name, source, dir string) (version, error) {
	v := version{name: name, program: filepath.Join(dir, filepath.Base(source)+"-userlog")}
	cmd := exec.Command("go", "build", "-tags", "nomsgpack", "-o", v.program, ".")
	cmd.Dir = source
	if output, err := cmd.CombinedOutput(); err != nil {
		return version{}, fmt.Errorf("build %s: %w: %s", name, err, output)
	}
	return v, nil
}
