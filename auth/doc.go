// Package auth decides who may use the admin. It keeps accounts, checks passwords, slows down guessing
// and remembers who is logged in.
//
// Hosts need one thing of it, [Role], for handlers.Options. Everything else is for the admin and the
// commands of this module. It promises hosts nothing and may change with every release.
//
//   - [Accounts] holds names, roles and passwords.
//   - [Throttle] limits attempts to log in before a password is checked.
//   - [Sessions] logs people in and out, and [Tokens] lets programs read.
//   - [Allowance] limits how much one account can have written to the audit log.
//   - [Reasons] remembers why an account looks at a log.
//   - [AccessCheck] asks again about accounts that keep a connection open.
//
// All of it is in Redis, so that any number of processes share it.
//
// What an account may do is looked up with each request. Each account has a generation, a number that
// its sessions and tokens bear. A new password, another role or being disabled begins the next
// generation. That ends all older sessions and tokens at the same moment, on every process.
//
// An error of Redis is never read as an answer. While an account can't be looked up, it is neither let
// in nor logged out. Only [Throttle] and [Allowance] go on without Redis, by counting in this process.
//
// The package renders nothing and knows no URL. The pages that ask for a password are in handlers.
package auth
