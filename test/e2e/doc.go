// Package e2e tests userlog as its users meet it: the real program, started as a process, with a real Redis, seen through
// Chromium.
//
// There is one browser for the whole run. A test that opens a page gets cookies of its own. Tests that look at single users
// share one program, in which each has an account and users of its own: see shareSite. Tests that restart something, or
// look at what concerns all users, start a program and a Redis for themselves. A session is made by the package auth, so
// that only the tests of the login fill in its form.
//
// Every test that opens a page fails on anything that the page writes to the console as a warning or an error, which
// includes each violation of the Content-Security-Policy, and on a dialog, unless it has said
// before which one it is about to cause.
//
// It is a module of its own so that applications which import userlog do not inherit a browser.
package e2e
