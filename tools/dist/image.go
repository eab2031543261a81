package main

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// imageUser is the user and the group of the program in a container. As a number it is known not to be root's before anything runs.
const imageUser = "65532:65532"

// imageProgram is where an image has the program.
const imageProgram = "/usr/bin/userlog"

// image adds the image of an architecture to those of the release: the program, and the few files that it reads of a system.
func (r *release) image(binary, arch string) error {
	layer, err := r.layer(binary)
	if err != nil {
		return err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.made}, CreatedBy: "make dist"}}); err != nil {
		return err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created, config.Config = "linux", arch, v1.Time{Time: r.made}, r.containerConfig()
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return err
	}
	r.images = append(r.images, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	return nil
}

// layer has the files of an image.
func (r *release) layer(binary string) (v1.Layer, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	files := []file{
		{"etc/group", 0o644, []byte("root:x:0:\nuserlog:x:65532:\n")},
		{"etc/passwd", 0o644, []byte("root:x:0:0:root:/:/nonexistent\nuserlog:x:65532:65532:userlog:/:/nonexistent\n")},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, authorities()},
		{strings.TrimPrefix(imageProgram, "/"), 0o755, program},
	}
	for _, f := range r.documents {
		switch f.name {
		case "LICENSE":
			files = append(files, file{"usr/share/doc/userlog/copyright", f.mode, f.text})
		case "THIRD-PARTY-LICENSES":
			files = append(files, file{"usr/share/doc/userlog/" + f.name, f.mode, f.text})
		}
	}
	var packed bytes.Buffer
	if err := writeTar(&packed, files, r.made); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

// authorities are those that Mozilla trusts, in PEM, for a provider of single sign-on, a Redis with TLS, and the directory. Those that
// it trusts for some certificates only are left out, since a file can't say for which.
func authorities() []byte {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
		}
	}
	return text.Bytes()
}

// containerConfig says how the program runs in a container. It listens to other containers, as a program that only its own container
// reaches is of no use. The health check asks whether it runs, and not for Redis: what restarts it for that would end live pages.
func (r *release) containerConfig() v1.Config {
	const page = "https://github.com/gin-userlog/userlog"
	return v1.Config{
		User:         imageUser,
		WorkingDir:   "/",
		Env:          []string{"PATH=/usr/bin", "USERLOG_ADDR=:8080"},
		Entrypoint:   []string{imageProgram},
		Cmd:          []string{"serve"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		StopSignal:   "SIGTERM",
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", imageProgram, "healthcheck", "--alive"},
			Interval: 10 * time.Second, Timeout: 5 * time.Second, StartPeriod: 5 * time.Second, Retries: 3,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":         "userlog",
			"org.opencontainers.image.description":   "Shows in real time how one user of a web site browses it",
			"org.opencontainers.image.version":       r.version,
			"org.opencontainers.image.revision":      r.revision,
			"org.opencontainers.image.created":       r.made.Format(time.RFC3339),
			"org.opencontainers.image.licenses":      "BSD-3-Clause",
			"org.opencontainers.image.source":        page,
			"org.opencontainers.image.documentation": page + "/blob/main/docs/operations.md",
		},
	}
}

// writeImages writes the images of all architectures as one file, in the layout of OCI.
func (r *release) writeImages() error {
	if len(r.images) == 0 {
		return nil
	}
	folder := filepath.Join(r.stage, "image")
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	tag := strings.ReplaceAll(r.version, "+", "-") // which a tag can't have
	names := map[string]string{
		"io.containerd.image.name":          "docker.io/library/userlog:" + tag,
		"org.opencontainers.image.ref.name": tag,
	}
	if err := path.AppendIndex(mutate.AppendManifests(empty.Index, r.images...), layout.WithAnnotations(names)); err != nil {
		return err
	}
	files, err := filesOf(folder)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := writeTar(&packed, files, r.made); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, fmt.Sprintf("userlog_%s_oci.tar", r.version)), packed.Bytes(), 0o644)
}

// filesOf are all files below a folder, in the order of their names.
func filesOf(folder string) (files []file, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path) // it is below
		files = append(files, file{filepath.ToSlash(name), 0o644, text})
		return err
	})
	return files, err
}
