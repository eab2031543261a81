package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// file is one that is packed.
type file struct {
	name string // with folders, below that of the archive
	mode os.FileMode
	text []byte
}

// archive writes the archive of a platform: zip for Windows, tar.gz elsewhere.
func (r *release) archive(title, system, binary string) error {
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	files := append([]file{{filepath.Base(binary), 0o755, program}}, r.documents...)
	pack, suffix := packTar, ".tar.gz"
	if system == "windows" {
		pack, suffix = packZip, ".zip"
	}
	var packed bytes.Buffer
	if err := pack(&packed, title, files, r.made); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, title+suffix), packed.Bytes(), 0o644)
}

// packTar writes files below a folder as tar.gz, in their order.
func packTar(w io.Writer, folder string, files []file, made time.Time) error {
	zipped, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	below := make([]file, len(files))
	for i, f := range files {
		below[i] = file{folder + "/" + f.name, f.mode, f.text}
	}
	if err := writeTar(zipped, below, made); err != nil {
		return err
	}
	return zipped.Close()
}

// writeTar writes files of root as tar, in their order.
func writeTar(w io.Writer, files []file, made time.Time) error {
	archive := tar.NewWriter(w)
	for _, f := range files {
		header := tar.Header{
			Name: f.name, Mode: int64(f.mode), Size: int64(len(f.text)), ModTime: made,
			Typeflag: tar.TypeReg, Uname: "root", Gname: "root", Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := archive.Write(f.text); err != nil {
			return err
		}
	}
	return archive.Close()
}

// packZip writes files as zip, in their order.
func packZip(w io.Writer, folder string, files []file, made time.Time) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		header := zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: made}
		header.SetMode(f.mode)
		into, err := archive.CreateHeader(&header)
		if err != nil {
			return err
		}
		if _, err := into.Write(f.text); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeSums writes SHA256SUMS of all files of a folder, for "sha256sum --check".
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), entry.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums.Bytes(), 0o644)
}
