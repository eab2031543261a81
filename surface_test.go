package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// surfaceFile has what userlog promises to hosts.
const surfaceFile = "docs/surface.txt"

var updateSurface = flag.Bool("surface", false, "write "+surfaceFile+" anew")

// The exported names of the packages that hosts import are those in docs/surface.txt, so that each change of them is
// seen in a review. Of auth, hosts are promised Role only.
func TestSurface(t *testing.T) {
	var surface strings.Builder
	for _, folder := range []string{"store", "store/embedded", "store/metrics", "middleware", "handlers", "auth"} {
		fmt.Fprintf(&surface, "package %s\n\n", folder)
		for _, declaration := range exported(t, folder) {
			fmt.Fprintf(&surface, "%s\n", declaration)
		}
		surface.WriteString("\n")
	}
	if *updateSurface {
		if err := os.WriteFile(surfaceFile, []byte(surface.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pinned, err := os.ReadFile(surfaceFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range difference(string(pinned), surface.String()) {
		t.Error(line)
	}
	if t.Failed() {
		t.Log("if that is meant, write it down: go test -run TestSurface . -args -surface")
	}
}

// difference returns the lines that only one of two texts has.
func difference(pinned, found string) []string {
	count := map[string]int{}
	for line := range strings.Lines(pinned) {
		count[line]++
	}
	var lines []string
	for line := range strings.Lines(found) {
		if count[line]--; count[line] < 0 {
			lines = append(lines, "new: "+strings.TrimSpace(line))
		}
	}
	for line, n := range count {
		if n > 0 {
			lines = append(lines, "gone: "+strings.TrimSpace(line))
		}
	}
	return lines
}

// exported returns the exported declarations of the package in a folder, without comments and bodies. Of auth it returns
// what belongs to Role.
func exported(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	p, err := doc.NewFromFiles(files, parsed, folder)
	if err != nil {
		t.Fatal(err)
	}
	d := declarations{t: t, files: files}
	if folder != "auth" {
		d.addValues(p.Consts, p.Vars)
		d.addFuncs(p.Funcs)
	}
	for _, declared := range p.Types {
		if folder == "auth" && declared.Name != "Role" {
			continue
		}
		d.add(declared.Decl)
		d.addValues(declared.Consts, declared.Vars)
		d.addFuncs(declared.Funcs, declared.Methods)
	}
	return d.found
}

// declarations are collected as text.
type declarations struct {
	t     *testing.T
	files *token.FileSet
	found []string
}

func (d *declarations) add(node any) {
	var b bytes.Buffer
	if err := printer.Fprint(&b, d.files, node); err != nil {
		d.t.Fatal(err)
	}
	d.found = append(d.found, b.String())
}

func (d *declarations) addValues(groups ...[]*doc.Value) {
	for _, v := range slices.Concat(groups...) {
		d.add(v.Decl)
	}
}

func (d *declarations) addFuncs(groups ...[]*doc.Func) {
	for _, f := range slices.Concat(groups...) {
		f.Decl.Body = nil
		d.add(f.Decl)
	}
}
