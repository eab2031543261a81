// Package soak holds the fault tests of the recorder, the feed and the live log. Redis is killed, stopped, cut off or
// refuses to write, and viewers' connections break. The tests count what becomes of entries, of the host application and
// of viewers. Each test has a redis-server of its own, and toxiproxy before it where the network fails.
//
// Every test prints its figures in one line (go test -v). The short form takes seconds. With USERLOG_SOAK=1 the tests run
// for as long, and as often, as the claims about them say. Random events follow from a seed, which is printed.
// USERLOG_SEED sets it.
package soak
