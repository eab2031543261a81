package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// made is when the commit of the tests' release was made.
var made = time.Date(2026, 11, 30, 1, 2, 4, 0, time.UTC)

// files are what is packed.
var files = []file{{"userlog", 0o755, []byte("a program")}, {"man/userlog.1", 0o644, []byte("a page")}}

func TestArchivesAreTheSameAgain(t *testing.T) {
	for name, pack := range map[string]func(io.Writer, string, []file, time.Time) error{"tar": packTar, "zip": packZip} {
		var first, second bytes.Buffer
		if err := pack(&first, "userlog_1", files, made); err != nil {
			t.Fatal(err)
		}
		if err := pack(&second, "userlog_1", files, made); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two archives of the same files differ", name)
		}
	}
}

func TestTarHasTheFiles(t *testing.T) {
	var packed bytes.Buffer
	if err := packTar(&packed, "userlog_1", files, made); err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(&packed)
	if err != nil {
		t.Fatal(err)
	}
	reader := tar.NewReader(unzipped)
	for _, want := range files {
		header, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil || header.Name != "userlog_1/"+want.name || os.FileMode(header.Mode) != want.mode || !header.ModTime.Equal(made) || !bytes.Equal(text, want.text) {
			t.Errorf("got %+v with %q, %v, want %+v", header, text, err, want)
		}
	}
	if _, err := reader.Next(); err != io.EOF {
		t.Errorf("after all files: %v", err)
	}
}

func TestZipHasTheFiles(t *testing.T) {
	var packed bytes.Buffer
	if err := packZip(&packed, "userlog_1", files, made); err != nil {
		t.Fatal(err)
	}
	reader, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(reader.File) != len(files) {
		t.Fatalf("%d files", len(reader.File))
	}
	for i, want := range files {
		if got := reader.File[i]; got.Name != "userlog_1/"+want.name || got.Mode() != want.mode || !got.Modified.Equal(made) {
			t.Errorf("got %+v, want %+v", got.FileHeader, want)
		}
	}
}

// newRelease is a release of this repository, whose program is a text.
func newRelease(t *testing.T) (r *release, binary string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r = &release{root: root, out: t.TempDir(), stage: t.TempDir(), version: "0.1.0", made: made}
	for _, source := range append(copied, written...) {
		r.documents = append(r.documents, file{source.to, 0o644, []byte(source.to)})
	}
	r.documents = append(r.documents, file{"THIRD-PARTY-LICENSES", 0o644, []byte("theirs")})
	if err := r.stageDocuments(); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(r.stage, "userlog")
	if err := os.WriteFile(binary, []byte("a program"), 0o700); err != nil {
		t.Fatal(err)
	}
	return r, binary
}

func TestPackagesAreTheSameAgain(t *testing.T) {
	first, second := map[string][]byte{}, map[string][]byte{}
	for _, into := range []map[string][]byte{first, second} {
		r, binary := newRelease(t)
		for _, arch := range []string{"amd64", "arm64"} {
			if err := r.packages(binary, arch); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"userlog_0.1.0_amd64.deb", "userlog_0.1.0_arm64.deb", "userlog-0.1.0-1.x86_64.rpm", "userlog-0.1.0-1.aarch64.rpm"} {
			text, err := os.ReadFile(filepath.Join(r.out, name))
			if err != nil {
				t.Fatal(err)
			}
			into[name] = text
		}
	}
	for name := range first {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestDebianPackage(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg-deb")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("dpkg-deb is not installed")
	case err != nil:
		t.Skip("dpkg-deb is not installed")
	}
	r, binary := newRelease(t)
	if err := r.packages(binary, "amd64"); err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), dpkg, "--contents", filepath.Join(r.out, "userlog_0.1.0_amd64.deb"))
	list.Env = append(os.Environ(), "TZ=UTC")
	output, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, want := range []string{
		"-rwxr-xr-x root/root", "./usr/bin/userlog\n", "-rw-r----- root/root", "./etc/userlog/userlog.toml\n", "./usr/lib/systemd/system/userlog.service\n", "./usr/lib/systemd/system/userlog.socket\n",
		"./usr/share/man/man1/userlog.1.gz\n", "./usr/share/bash-completion/completions/userlog\n", "./usr/share/zsh/vendor-completions/_userlog\n",
		"./usr/share/fish/vendor_completions.d/userlog.fish\n", "./usr/share/doc/userlog/copyright\n", "./usr/share/doc/userlog/THIRD-PARTY-LICENSES\n",
	} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the package lacks %s:\n%s", want, output)
		}
	}
	for line := range strings.Lines(string(output)) {
		if !strings.Contains(line, " 2026-11-30 01:02 ") {
			t.Errorf("a file has another time: %s", line)
		}
	}
	if strings.Contains(string(output), "site-functions") {
		t.Error("the package has what is for RPM")
	}
}

// A bill of a release has no modules that stubs stand for, and nothing that differs from one time to the next.
func TestBill(t *testing.T) {
	const written = `{"serialNumber":"urn:uuid:1","metadata":{"timestamp":"2026-01-01T00:00:00Z","tools":[{"name":"x"}],"component":{"name":"userlog"}},
		"components":[{"purl":"pkg:golang/github.com/gin-gonic/gin@v1"},{"purl":"pkg:golang/github.com/quic-go/quic-go@v1"}],
		"dependencies":[{"ref":"pkg:golang/github.com/gin-gonic/gin@v1","dependsOn":["pkg:golang/golang.org/x/net@v1","pkg:golang/golang.org/x/text@v1"]},
			{"ref":"pkg:golang/golang.org/x/net@v1"}]}`
	text, err := released([]byte(written), made)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"serialNumber", "2026-01-01", "tools", "quic-go", "x/net"} {
		if strings.Contains(string(text), gone) {
			t.Errorf("the bill has %s:\n%s", gone, text)
		}
	}
	for _, kept := range []string{"2026-11-30T01:02:04Z", `"name": "userlog"`, "gin@v1", "x/text@v1"} {
		if !strings.Contains(string(text), kept) {
			t.Errorf("the bill lacks %s:\n%s", kept, text)
		}
	}
	for _, wrong := range []string{"", "{}"} {
		if _, err := released([]byte(wrong), made); err == nil {
			t.Errorf("%q is a bill", wrong)
		}
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeSums(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	const want = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n" +
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n"
	if err != nil || string(text) != want {
		t.Errorf("%v: got\n%s", err, text)
	}
}
