package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers itself, as does the next
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// packages writes the packages of an architecture, as deploy/packages/nfpm.yaml says.
func (r *release) packages(binary, arch string) error {
	text, err := os.ReadFile(filepath.Join(r.root, "deploy/packages/nfpm.yaml"))
	if err != nil {
		return err
	}
	variables := map[string]string{
		"VERSION": r.version, "ARCH": arch, "PROGRAM": binary, "DOCUMENTS": filepath.Join(r.stage, "documents"),
		"SCRIPTS": filepath.Join(r.root, "deploy/packages"),
	}
	// Not by nfpm's own variables, which it replaces in some fields only.
	filled := os.Expand(string(text), func(name string) string { return variables[name] })
	config, err := nfpm.Parse(strings.NewReader(filled))
	if err != nil {
		return err
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := r.pack(config, format); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
	}
	return nil
}

// pack writes one package.
func (r *release) pack(config nfpm.Config, format string) error {
	info, err := config.Get(format)
	if err != nil {
		return err
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	info = nfpm.WithDefaults(info)
	info.MTime = r.made
	info.RPM.BuildHost = "localhost" // or the package would tell where it was built
	for _, content := range info.Contents {
		content.FileInfo.MTime = r.made
	}
	var packed bytes.Buffer
	if err := packager.Package(info, &packed); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, packager.ConventionalFileName(info)), packed.Bytes(), 0o644)
}
