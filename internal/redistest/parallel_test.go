package redistest

import (
	"flag"
	"runtime"
	"strconv"
	"testing"
)

func TestAtOnce(t *testing.T) {
	parallel := flag.Lookup("test.parallel")
	before := parallel.Value.String()
	defer func() { _ = parallel.Value.Set(before) }()
	more := runtime.GOMAXPROCS(0) + 1
	for _, c := range []struct {
		name string
		said string // by -parallel
		n    int
		want string
	}{
		{"more than processors", parallel.DefValue, more, strconv.Itoa(more)},
		{"fewer than processors", parallel.DefValue, 0, parallel.DefValue},
		{"another number is typed", strconv.Itoa(more + 1), more, strconv.Itoa(more + 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := parallel.Value.Set(c.said); err != nil {
				t.Fatal(err)
			}
			if AtOnce(c.n); parallel.Value.String() != c.want {
				t.Errorf("%s tests run at once, want %s", parallel.Value, c.want)
			}
		})
	}
}
