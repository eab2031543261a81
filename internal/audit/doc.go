// Package audit keeps the viewing log: who looked at whose log, when, from where, why and for how
// long, and what was done with accounts.
//
// [Log] appends records to a capped stream in Redis. Each record carries the hash of the one before
// it, so [Log.Verify] notices a record that was altered, removed, inserted or moved. What it can't
// notice is a whole new chain, written by somebody who can write to Redis, unless a [Mark] was noted
// elsewhere before. [Viewings] turns what a browser asks for (a page every two seconds, a socket
// that comes back) into one record when a view begins and one when it has ended.
//
// Writing a record is part of what it records: a caller that gets an error refuses what was asked
// for. The package knows nobody's rights and renders nothing.
package audit
