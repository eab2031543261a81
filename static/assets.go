// Package static holds the files that the admin's pages load: a stylesheet, scripts and the icon. Everything is embedded in
// the program and served under names that carry a hash of the content, so that browsers may keep a file for ever and
// still never show an old one.
//
// The sources are css/, *.js and vendor/, where VERSIONS says whose work each file is. "make assets" bundles them
// into built/, which is committed: to build userlog takes Go and nothing else.
//
// Static promises nothing to hosts: its names may change in any release.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/httpgzip"
)

//go:embed built/app.css built/app.js built/htmx.js favicon.svg
var files embed.FS

// served are the files that pages load. A page finds each by its base name.
var served = [...]string{"built/app.css", "built/app.js", "built/htmx.js", "favicon.svg"}

// contentTypes by extension. They are not taken from package mime, whose table depends on the
// machine.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// Assets is every file that pages load, ready to be served. It is an [http.Handler] and safe for
// concurrent use.
type Assets struct {
	urls   map[string]string // name → URL, relative to the base path
	served map[string]asset  // last element of the URL → file
}

// asset is one file in the two encodings in which it leaves.
type asset struct {
	contentType    string
	plain, gzipped encoded
}

// encoded is the body of a file in one encoding, with the ETag that tells it from the other.
type encoded struct {
	body []byte
	etag string
}

// New reads, hashes and compresses the embedded files. An error means that the program was built
// wrongly: a file is missing.
func New() (*Assets, error) {
	a := &Assets{urls: make(map[string]string), served: make(map[string]asset)}
	for _, file := range served {
		if err := a.add(file); err != nil {
			return nil, fmt.Errorf("asset %s: %w", file, err)
		}
	}
	return a, nil
}

func (a *Assets) add(file string) error {
	content, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	gzipped, err := httpgzip.Best(content)
	if err != nil {
		return err
	}
	name, hash := path.Base(file), hashOf(content)
	hashed := hashedName(name, hash)
	a.urls[name] = Folder + "/" + hashed
	a.served[hashed] = asset{
		contentType: contentTypes[path.Ext(name)],
		plain:       encoded{content, `"` + hash + `"`},
		gzipped:     encoded{gzipped, `"` + hash + `-gzip"`},
	}
	return nil
}

// Folder is where files are served, relative to the admin's base path.
const Folder = "assets"

// URL returns where the file is served, relative to the admin's base path and without a leading
// slash: "app.css" is at "assets/app.<hash>.css". It fails for a name that does not exist.
func (a *Assets) URL(name string) (string, error) {
	url, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return url, nil
}

// ServeHTTP answers GET and HEAD for the last element of the path of a URL that [Assets.URL] gave,
// wherever it is mounted, and 404 to everything else. Answers may be cached for ever; they are
// compressed for those who accept it, and conditional requests and those for a range are answered
// as such.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.served[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	answer := file.plain
	if httpgzip.Wanted(r, header) {
		header.Set("Content-Encoding", "gzip")
		answer = file.gzipped
	}
	header.Set("ETag", answer.etag)
	// ServeContent leaves it away where there is a Content-Encoding, and corrects it for a part.
	header.Set("Content-Length", strconv.Itoa(len(answer.body)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(answer.body))
}

// hashOf names a content.
func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// hashedName puts the content's hash between name and extension: app.css → app.1f0c….css.
func hashedName(name, hash string) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hash + ext
}
