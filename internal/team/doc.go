// Package team keeps what agents tell each other of a user: notes, and who takes care of the user. It knows no pages, and does not decide
// who may read or write: the gate does.
//
// All of it is personal data of two people, the customer and the agent. So it is kept no longer than the user is remembered, and
// the audit log says who noted something, but not what.
package team
