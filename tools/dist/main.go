// Command dist makes what a release consists of: an archive for each platform, packages for Debian and for RPM, an image for containers, the licenses of
// what is compiled in, and checksums. The same commit gives the same bytes, wherever it is built.
//
//	make dist
package main

import (
	"context"
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// platforms are those that a release is for.
const platforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64"

func main() {
	only := flag.String("platforms", platforms, "the `platforms` to build for, with commas between them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		stop()
		os.Exit(1)
	}
}

// release is what is made.
type release struct {
	root, out string
	stage     string // a temporary folder
	version   string // such as 0.1.0
	revision  string // the commit
	made      time.Time
	documents []file                 // that all archives and packages have
	images    []mutate.IndexAddendum // for Linux
}

func run(ctx context.Context, wanted []string) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "go.work")); err != nil {
		return fmt.Errorf("run it in the folder tools: %w", err)
	}
	r := &release{root: root, out: filepath.Join(root, "dist")}
	if r.stage, err = os.MkdirTemp("", "userlog-dist-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.stage)
	if err := r.writeWorkspace(); err != nil {
		return err
	}
	defer os.Remove(filepath.Join(root, workspace))
	defer os.Remove(filepath.Join(root, workspace+".sum"))
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for _, name := range wanted {
		if err := r.platform(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := r.writeImages(); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return writeSums(r.out)
}

// prepare empties the folder, and makes what all platforms have. The program itself knows its version and the time of its commit,
// and writes its manual page and completions.
func (r *release) prepare(ctx context.Context) error {
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	binary, err := r.build(ctx, runtime.GOOS+"/"+runtime.GOARCH)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	r.version = strings.TrimPrefix(info.Main.Version, "v")
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			r.revision = setting.Value
		case "vcs.time":
			if r.made, err = time.Parse(time.RFC3339, setting.Value); err != nil {
				return err
			}
		}
	}
	if strings.HasSuffix(r.version, "+dirty") {
		fmt.Fprintln(os.Stderr, "dist: this is no release, since files of the clone are changed: see git status")
	}
	if r.documents, err = r.read(ctx, binary, info); err != nil {
		return err
	}
	if err := r.stageDocuments(); err != nil {
		return err
	}
	return r.bill(ctx)
}

// platform makes the archive of one platform, and for Linux its image and its packages.
func (r *release) platform(ctx context.Context, name string) error {
	binary, err := r.build(ctx, name)
	if err != nil {
		return err
	}
	system, arch, _ := strings.Cut(name, "/")
	title := fmt.Sprintf("userlog_%s_%s_%s", r.version, system, arch)
	if err := r.archive(title, system, binary); err != nil {
		return err
	}
	if system != "linux" {
		return nil
	}
	if err := r.image(binary, arch); err != nil {
		return err
	}
	return r.packages(binary, arch)
}
