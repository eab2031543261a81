package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

const manualPage = "man/userlog.1"

// source is where a file of a release comes from.
type source struct{ to, from string }

// copied are files of the repository.
var copied = []source{
	{"README.md", "README.md"},
	{"CHANGELOG.md", "CHANGELOG.md"},
	{"LICENSE", "LICENSE"},
	{"systemd/userlog.service", "deploy/systemd/userlog.service"},
	{"systemd/userlog.socket", "deploy/systemd/userlog.socket"},
	{"systemd/userlog.toml", "deploy/systemd/userlog.toml"},
}

// written are what the program writes with such arguments.
var written = []source{
	{manualPage, "man"},
	{"completions/userlog.bash", "completion bash"},
	{"completions/_userlog", "completion zsh"},
	{"completions/userlog.fish", "completion fish"},
}

// read returns what a release has beside the program.
func (r *release) read(ctx context.Context, binary string, info *buildinfo.BuildInfo) (files []file, err error) {
	for _, c := range copied {
		text, err := os.ReadFile(filepath.Join(r.root, c.from))
		if err != nil {
			return nil, err
		}
		files = append(files, file{c.to, 0o644, text})
	}
	for _, c := range written {
		text, err := exec.CommandContext(ctx, binary, strings.Fields(c.from)...).Output()
		if err != nil {
			return nil, fmt.Errorf("userlog %s: %w", c.from, err)
		}
		files = append(files, file{c.to, 0o644, text})
	}
	licenses, err := r.licenses(ctx, info)
	return append(files, file{"THIRD-PARTY-LICENSES", 0o644, licenses}), err
}

// stageDocuments writes them where packages take them from, and the manual page compressed, as packages have it.
func (r *release) stageDocuments() error {
	for _, f := range r.documents {
		if f.name == manualPage {
			zipped, err := gzipped(f.text)
			if err != nil {
				return err
			}
			f = file{f.name + ".gz", f.mode, zipped}
		}
		path := filepath.Join(r.stage, "documents", f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.text, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// gzipped compresses a text as Debian's policy wants it of manual pages: without a time.
func gzipped(text []byte) ([]byte, error) {
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return zipped.Bytes(), err
}

// licenses returns those of all that is compiled into a program, and of the assets and lists that are embedded in it.
func (r *release) licenses(ctx context.Context, info *buildinfo.BuildInfo) ([]byte, error) {
	folders, err := exec.CommandContext(ctx, "go", "env", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		return nil, err
	}
	goroot, cache, _ := strings.Cut(strings.TrimSpace(string(folders)), "\n")
	var all bytes.Buffer
	if err := appendLicenses(&all, "Go "+info.GoVersion, filepath.Join(goroot, "LICENSE")); err != nil {
		return nil, err
	}
	for _, dependency := range info.Deps {
		if dependency.Replace != nil || strings.HasPrefix(dependency.Path, info.Main.Path+"/") {
			continue // ours
		}
		path, err := module.EscapePath(dependency.Path)
		if err != nil {
			return nil, err
		}
		pattern := filepath.Join(cache, path+"@"+dependency.Version, "*")
		if err := appendLicenses(&all, dependency.Path+" "+dependency.Version, pattern); err != nil {
			return nil, err
		}
	}
	for _, pattern := range []string{"static/vendor/*.LICENSE", "auth/*.LICENSE"} {
		if err := appendLicenses(&all, pattern, filepath.Join(r.root, pattern)); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// appendLicenses appends the files of a pattern whose names are those of licenses. There has to be one.
func appendLicenses(all *bytes.Buffer, of, pattern string) error {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	found := false
	for _, name := range names {
		base := strings.ToUpper(filepath.Base(name))
		if !strings.Contains(base, "LICEN") && !strings.Contains(base, "COPYING") && !strings.Contains(base, "NOTICE") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(all, "==== %s: %s\n\n%s\n\n", of, filepath.Base(name), bytes.TrimSpace(text))
	}
	if !found {
		return fmt.Errorf("%s has no license: %w", of, fs.ErrNotExist)
	}
	return nil
}
