// Package e2e tests userlog as its users meet it: the real program, started as a process, with a real Redis, seen through
// Chromium.
//
// There is one browser for the whole run. A test that opens a page gets cookies of its own. Tests that look at single users
// share one program, in which each has an account and users of its own: see shareSite. Tests that restart something, or
// look at what concerns all users, start a program and a Redis for themselves. A session is made by the package auth, so
// that only the tests of the login fill in its form.
//
// A test that opens a page fails when the page writes a warning or an error to the console, or opens a dialog. Each
// violation of the Content-Security-Policy is such an error. A test may name errors beforehand that it is going to cause.
//
// It is a module of its own so that applications which import userlog do not inherit a browser.
package e2e
