//go:build unix

package command_test

import "testing"

// An operator who shares the login with other hosts is told what that means.
func TestASharedLoginIsWarnedOf(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--cookie-domain", "example.com")
	r.err.await(t, "every host of the domain receives the login's cookie")
}
