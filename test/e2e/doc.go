// Package e2e tests userlog as its users meet it: the real program, started as a process, against a
// Redis of its own, seen through Chromium.
//
// There is one browser for the whole run; a test that opens a page gets cookies of its own. Every
// such test fails on anything that the page writes to the console as a warning or an error, which
// includes each violation of the Content-Security-Policy, and on a dialog, unless it has said
// before which one it is about to cause.
//
// It is a module of its own so that applications which import userlog do not inherit a browser.
package e2e
