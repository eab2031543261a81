// Package auth decides who may use the admin: it keeps accounts, checks passwords, slows down
// guessing and remembers who is logged in.
//
// [Accounts] holds the superusers and their passwords, [Throttle] limits attempts before a
// password is checked, and [Sessions] logs people in and out. Each keeps everything in Redis, so
// that any number of processes share accounts, limits and sessions.
//
// An error of Redis is never read as an answer: who can't be looked up is neither let in nor logged
// out. Only [Throttle] goes on without Redis, by counting in this process.
//
// The package renders nothing and knows no URL; the pages that ask for a password are in handlers.
package auth
