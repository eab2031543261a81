// Package command is the userlog program: what is typed after its name, and the one place that
// builds a running program of store, admin and web server.
//
// [Run] is all that main calls and all that tests need: it takes everything that it touches of the
// process as arguments. What the pages do is in handlers, what the log does in store.
package command
