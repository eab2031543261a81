// Package middleware records the requests of an application's users, for userlog to show.
//
// A Gin application adds one middleware, before its routes:
//
//	r := gin.New()
//	r.Use(middleware.Track(logs, currentUser, middleware.Options{}))
//
// Here logs is what store.Open returned, and currentUser says whose request it is:
//
//	func currentUser(c *gin.Context) string { return c.GetString(gin.AuthUserKey) }
//
// [TrackHTTP] does the same for net/http, and for routers that are built on it.
//
// Handlers may say more about the current request:
//
//   - [SetUser] says whose request it is, and [SetActor] who acts in the user's place.
//   - [SetVisit] says in which session of the site it was made.
//   - [Problem] says what went wrong, and [Invalid] which input was not valid.
//   - [Reference] gives a code by which the customer can name the request on the phone.
//   - [SupportCode] gives a code by which an agent opens the customer's log.
//   - [Skip] says that the request is not recorded.
//
// The middleware adds about a microsecond to a request, and does no I/O in it. It leaves
// status, body and panics as they are.
package middleware
