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
// Handlers may say more about the current request: [SetUser] whose it is, [SetActor] who acts for the user, [SetVisit] in which session, [Problem] what
// went wrong, [Invalid] which input was not valid, [Reference] by which code the customer can name the request, and [Skip] that it is left out.
//
// The middleware adds about a microsecond to a request, and does no I/O in it. It leaves
// status, body and panics as they are.
package middleware
