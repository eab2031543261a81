// Package assetpath tells the files of a site's build from its pages, by their paths.
package assetpath

import "strings"

// Is reports whether a path is that of a file of a site's build. The extension tells, and the path must have
// no query. The name of such a file often has a hash.
func Is(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || strings.Contains(path, "%") {
		return false
	}
	switch strings.ToLower(path[dot+1:]) {
	case "css", "js", "mjs", "map", "wasm", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico",
		"woff", "woff2", "ttf", "otf", "eot", "mp4", "webm", "mp3", "ogg":
		return true
	}
	return false
}
