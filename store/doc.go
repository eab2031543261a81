// Package store keeps the logs of userlog in Redis: the newest requests of each user.
//
// An application opens one store, gives it to the middleware, and closes it at the end:
//
//	logs, err := store.Open("redis://localhost:6379/0", store.Options{})
//	if err != nil {
//		return err // the URL or an option is wrong; a Redis that is away is no error
//	}
//	defer logs.Close(ctx) // writes what is still queued; give ctx a deadline
//	r.Use(middleware.Track(logs, currentUser, middleware.Options{}))
//
// Three kinds of callers use a store:
//
//   - An application that records calls [Store.Record], mostly by way of the middleware. It never blocks.
//   - A reader calls [Store.Log], [Store.Suggest], [Store.LastSeen] and [Store.InTrouble].
//   - A viewer calls [Store.Subscribe] or [Store.SubscribeEveryone].
//
// A store is no general log: it deletes a user's log when the retention is over. It knows nothing of HTTP.
package store
