// Package redistest gives a test a Redis of its own: a real redis-server process on a unix socket,
// which the test may kill, restart and pause. It is a module of its own, which requires go-redis only, because the
// tests of the modules for hosts need it.
//
// Nothing is shared between tests, so they need neither key prefixes nor FLUSHDB, and no port is
// opened. Where redis-server is not installed the test is skipped with that reason. Under CI=true
// it fails instead, so that a suite never passes by not running.
package redistest
