// Package command is the userlog program: what is typed after its name, and the one place that
// builds a running program of store, admin and web server.
//
// [Run] is all that main calls and all that tests need: it takes everything that it touches of the
// process as arguments. The pages are in handlers, and the log is in store.
package command
