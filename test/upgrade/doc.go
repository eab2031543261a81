// Package upgrade tests this version of userlog beside the one that was released before it: at one Redis each records what the
// other shows, and one takes the other's place without a lost request. "make upgrade" runs it. It is no part of "make test",
// as it needs the whole history of the repository.
package upgrade
