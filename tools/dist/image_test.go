package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// writtenImage is the file of the images of a release whose program is a text.
func writtenImage(t *testing.T) []byte {
	t.Helper()
	r, binary := newRelease(t)
	r.version, r.revision = "0.1.0+dirty", "abc"
	for _, arch := range []string{"amd64", "arm64"} {
		if err := r.image(binary, arch); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.writeImages(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, "userlog_0.1.0+dirty_oci.tar"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// readImage unpacks the file of the images, and returns what it has for Linux on an architecture. The name is that of the tag.
func readImage(t *testing.T, text []byte, arch string) (image v1.Image, name string) {
	t.Helper()
	folder := t.TempDir()
	unpack(t, bytes.NewReader(text), folder)
	outer, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(outer); err != nil {
		t.Fatal(err)
	}
	tagged, err := outer.IndexManifest()
	if err != nil || len(tagged.Manifests) != 1 {
		t.Fatalf("%+v, %v", tagged, err)
	}
	index, err := outer.ImageIndex(tagged.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	all, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all.Manifests, func(d v1.Descriptor) bool { return d.Platform.OS == "linux" && d.Platform.Architecture == arch })
	if at < 0 {
		t.Fatalf("nothing for %s: %+v", arch, all)
	}
	if image, err = index.Image(all.Manifests[at].Digest); err != nil {
		t.Fatal(err)
	}
	return image, tagged.Manifests[0].Annotations["io.containerd.image.name"]
}

// unpack writes the files of an archive into a folder. All have to be files of root.
func unpack(t *testing.T, from io.Reader, folder string) {
	t.Helper()
	archive := tar.NewReader(from)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg || header.Uid != 0 || header.Gid != 0 {
			t.Errorf("an odd file: %+v", header)
		}
		path := filepath.Join(folder, header.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, fs.FileMode(header.Mode))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(file, archive); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestImagesAreTheSameAgain(t *testing.T) {
	if !bytes.Equal(writtenImage(t), writtenImage(t)) {
		t.Error("two files of the same images differ")
	}
}

// An image has the program and what it needs, and says how it runs: as nobody who may do anything, on port 8080.
func TestImage(t *testing.T) {
	image, name := readImage(t, writtenImage(t), "arm64")
	if name != "docker.io/library/userlog:0.1.0-dirty" {
		t.Errorf("it is called %q", name)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	run := config.Config
	if config.Architecture != "arm64" || !config.Created.Equal(made) || run.User != "65532:65532" || !slices.Equal(run.Entrypoint, []string{"/usr/bin/userlog"}) ||
		!slices.Equal(run.Cmd, []string{"serve"}) || !slices.Contains(run.Env, "USERLOG_ADDR=:8080") || run.Healthcheck == nil ||
		!slices.Equal(run.Healthcheck.Test, []string{"CMD", "/usr/bin/userlog", "healthcheck", "--alive"}) || run.Labels["org.opencontainers.image.revision"] != "abc" {
		t.Errorf("got %+v", config)
	}
	folder := t.TempDir()
	files := mutate.Extract(image)
	defer files.Close()
	unpack(t, files, folder)
	for path, want := range map[string]string{
		"usr/bin/userlog": "a program", "usr/share/doc/userlog/copyright": "LICENSE", "usr/share/doc/userlog/THIRD-PARTY-LICENSES": "theirs",
	} {
		if text, err := os.ReadFile(filepath.Join(folder, path)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	if users, err := os.ReadFile(filepath.Join(folder, "etc/passwd")); err != nil || !strings.Contains(string(users), "\nuserlog:x:"+run.User+":") {
		t.Errorf("its user has another number: %s, %v", users, err)
	}
	if info, err := os.Stat(filepath.Join(folder, "usr/bin/userlog")); err != nil || info.Mode() != 0o755 {
		t.Errorf("the program can't be run: %v, %v", info, err)
	}
}

// An image trusts authorities, and only those that are trusted without conditions.
func TestAuthorities(t *testing.T) {
	count, rest := 0, authorities()
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			t.Fatalf("%.100q is no certificate", rest)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !certificate.IsCA {
			t.Errorf("%v, %v", certificate.Subject, err)
		}
		count++
	}
	const few = 50
	if count < few {
		t.Errorf("only %d authorities", count)
	}
}
