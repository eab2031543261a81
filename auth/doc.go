// Package auth decides who may use the admin: it keeps accounts, checks passwords, slows down
// guessing and remembers who is logged in.
//
// [Accounts] holds names, roles and passwords, [Throttle] limits attempts before a password is
// checked, [Sessions] logs people in and out, [Tokens] lets programs read, [Allowance] limits what one
// account can have recorded, and [Guard] asks again for those who keep a connection open. All of it is
// in Redis, so that any number of processes share it.
//
// What an account may do is looked up with each request. An account has a generation, which its
// sessions and tokens bear: a new password, another role or being disabled begins the next one, and
// ends all of them at that moment, on every process.
//
// An error of Redis is never read as an answer: who can't be looked up is neither let in nor logged
// out. Only [Throttle] and [Allowance] go on without Redis, by counting in this process.
//
// The package renders nothing and knows no URL; the pages that ask for a password are in handlers.
package auth
