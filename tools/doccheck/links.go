package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// brokenLinks says which links and images of a document lead to no file, or to no heading of one.
func (d document) brokenLinks(root fs.FS, documents []document) (faults []string) {
	look := func(destination []byte) {
		if why := d.follow(root, documents, string(destination)); why != "" {
			faults = append(faults, fmt.Sprintf("%s: the link to %s: %s", d.path, destination, why))
		}
	}
	d.each(ast.KindLink, func(n ast.Node) { look(n.(*ast.Link).Destination) })
	d.each(ast.KindImage, func(n ast.Node) { look(n.(*ast.Image).Destination) })
	return faults
}

// follow says why a link leads nowhere, "" where it leads somewhere. Other hosts are not asked.
func (d document) follow(root fs.FS, documents []document, destination string) string {
	u, err := url.Parse(destination)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme != "":
		return ""
	case strings.HasPrefix(u.Path, "/"):
		return "begin it at the document's own folder"
	}
	target := d.path
	if u.Path != "" {
		target = path.Join(path.Dir(d.path), u.Path)
	}
	return resolve(root, documents, target, u.Fragment)
}

// resolve says what is missing: a file, or a heading of it.
func resolve(root fs.FS, documents []document, target, heading string) string {
	if !fs.ValidPath(target) {
		return "it leads out of the repository"
	}
	if _, err := fs.Stat(root, target); err != nil {
		return "there is no such file"
	}
	if heading == "" {
		return ""
	}
	for _, other := range documents {
		if other.path == target && other.anchors()[heading] {
			return ""
		}
	}
	return "there is no such heading"
}

// mention is how code and comments name a document.
var mention = regexp.MustCompile(`\bdocs/[A-Za-z0-9_/-]+\.md(#[a-z0-9_-]+)?`)

// brokenMentions says which documents are named in code, and do not exist.
func brokenMentions(root fs.FS, files []file, documents []document) (faults []string) {
	for _, f := range files {
		if !f.isOneOf(".go", ".js", ".sh", ".yml") {
			continue
		}
		for _, found := range mention.FindAllString(string(f.content), -1) {
			target, heading, _ := strings.Cut(found, "#")
			if why := resolve(root, documents, target, heading); why != "" {
				faults = append(faults, fmt.Sprintf("%s: it names %s: %s", f.path, found, why))
			}
		}
	}
	return faults
}
