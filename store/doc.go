// Package store keeps the logs of userlog in Redis: what users requested, for a short while.
//
// It is the only package that talks to Redis about logs. An application records through
// [Store.Record], usually by way of the middleware package; the admin reads through [Store.Log],
// [Store.Suggest] and [Store.LastSeen], and watches through [Store.Subscribe].
//
// The package is a leaf: it imports nothing else of userlog, and never HTTP. It is not a general
// log store: it holds the last few requests of each user, and forgets them after the retention.
package store
