// Package audit keeps the audit log: who looked at whose log, when, from where, why and for how long,
// and what was done with accounts.
//
// [Log] appends records to a capped stream in Redis. Each record carries the hash of the one before
// it. So [Log.Verify] notices a record that was altered, removed, inserted or moved. It can't notice a
// whole new chain, written by somebody who can write to Redis, unless a [Checkpoint] was noted elsewhere
// before.
//
// [Viewings] turns the requests of a browser, such as a page every two seconds or a socket that comes
// back, into two records: one when a viewing begins and one when it has ended.
//
// Writing a record is part of the recorded action: a caller that gets an error refuses the action. The
// package knows nobody's rights and renders nothing.
package audit
