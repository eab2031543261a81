// Package soak holds the fault tests of the recorder, the feed and the live log: what becomes of log
// entries, of the host application and of those who watch, while Redis is killed, stopped, cut off or
// refuses to write, and while the viewers' own connections break. Each test has a redis-server of its
// own, and toxiproxy before it where the network is to fail.
//
// Every test prints its figures in one line (go test -v). The short form takes seconds; with
// USERLOG_SOAK=1 the tests run for as long, and as often, as the claims about them say. What happens
// at random is decided by a seed, which is printed; USERLOG_SEED sets it.
package soak
