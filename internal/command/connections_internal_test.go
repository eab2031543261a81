package command

import "testing"

func TestConnectionsWithinFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		connections number
		files       int
		want        number
	}{{4096, 0, 4096}, {4096, 1 << 20, 4096}, {4096, 1024, 928}, {4096, 256, 160}, {4096, 100, 25}, {4096, 1, 1}, {10, 256, 10}} {
		if got := withinFiles(c.connections, c.files); got != c.want {
			t.Errorf("%d connections and %d files: %d, want %d", c.connections, c.files, got, c.want)
		}
	}
}
