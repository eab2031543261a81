package redistest

import (
	"flag"
	"runtime"
	"strconv"
)

// AtOnce lets n tests of a package run at once, for packages whose tests mostly wait. Where there are more processors than n, or
// -parallel says something else, that holds. TestMain calls it before the tests run.
func AtOnce(n int) {
	if parallel := flag.Lookup("test.parallel"); n > runtime.GOMAXPROCS(0) && parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(n)) // what is typed is parsed later, and weighs more
	}
}
