// Command userlog shows, in real time, what one user of a Gin web site is doing.
//
// An application records with the first two of these packages:
//
//   - [github.com/gin-userlog/userlog/middleware] records each request of a user: Track for Gin,
//     TrackHTTP for net/http.
//   - [github.com/gin-userlog/userlog/store] keeps the logs in Redis: Open it once.
//
// An application that also shows the admin imports, besides:
//
//   - [github.com/gin-userlog/userlog/handlers] is the admin: New, and then Mount.
//   - [github.com/gin-userlog/userlog/auth] has the roles that a host's own login gives.
//
// Two more packages are for special cases:
//
//   - [github.com/gin-userlog/userlog/store/embedded] is a store without a Redis, for trying things out.
//   - [github.com/gin-userlog/userlog/store/metrics] shows the recorder's stats to Prometheus.
//
// Everything else belongs to the program, and may change with any version.
//
// The program runs the admin by itself:
//
//	userlog serve --redis redis://localhost:6379/0
//
// README.md has a complete application, and docs has the rest.
package main
