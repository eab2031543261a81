// Package soak holds the fault tests of the recorder: what becomes of log entries, and of the host
// application, while Redis is killed, stopped, cut off or refuses to write. Each test has a
// redis-server of its own, and toxiproxy before it where the network is to fail.
//
// Every test prints its figures in one line (go test -v). The short form takes seconds; with
// USERLOG_SOAK=1 the tests run for as long, and as often, as the claims about them say.
package soak
