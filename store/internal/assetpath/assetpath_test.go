package assetpath

import "testing"

func TestFilesOfABuildAreAssets(t *testing.T) {
	for path, want := range map[string]bool{
		"/static/app.js": true, "/a.b/logo.svg": true, "/fonts/inter.woff2": true, "x.css": true, "/LOGO.PNG": true, "/intro.mp4": true, "/font.otf": true,
		"/": false, "": false, "/orders.json": false, "/report.pdf": false, "/js": false, "/static/app%2Ejs": false, "/a.js/b": false,
	} {
		if got := Is(path); got != want {
			t.Errorf("%q is an asset: %v, want %v", path, got, want)
		}
	}
}
