// Package demo is something to try userlog on: [Shop], a small web site built with Gin as anybody
// would build one, and [Customers], who browse it over real HTTP at a human pace.
//
// The shop says why it rejects something, as hosts do. A program that shows both adds the tracking middleware, with
// [Shop.Username] to say who is logged in to the shop. It sells nothing, asks for no password, and
// keeps its state in the visitor's cookie: it is no model of a real shop's security.
package demo
