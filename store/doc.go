// Package store keeps the logs of userlog in Redis: what each user requested lately.
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
//   - Those who record call [Store.Record], mostly by way of the middleware. It never blocks.
//   - Those who read call [Store.Log], [Store.Suggest], [Store.LastSeen] and [Store.InTrouble].
//   - Those who watch call [Store.Subscribe] or [Store.SubscribeEveryone].
//
// A store is no general log: it holds the newest entries of each user, and deletes them after the
// retention. It knows nothing of HTTP.
package store
