// Package journey tells what a person did from what a browser fetched. It is pure: it folds entries
// of one user into steps, says where the person is now, and hints at trouble, with no other clock
// than the entries' own and the one passed in. It makes no texts, which are the views' business.
//
// # What is a step
//
//   - A page (kind page), also a boosted one, and a download.
//   - A change (POST, PUT, PATCH, DELETE) that a script or htmx sent. One that succeeds at regular
//     intervals of at least [MinChangeInterval], such as a heartbeat, is a part from the fourth on.
//   - A request of htmx after which the browser shows another address.
//   - A request of which nothing is known, as of a program or from an old line, unless its path ends
//     as an asset's does. One that names the page that asked was sent by a browser to a site on plain
//     http, and is taken for a script's.
//
// A redirect and the request that follows it are one step, of which the last request is the outcome.
//
// # What is a part of a step
//
// Everything else: assets, fragments and frames, fetches, beacons, sockets, and what is loaded ahead.
// A part belongs to the newest step whose page has the address that asked for it, with its query or
// else without it; what was asked for by a style or a frame, to the step of that. A part that does
// not say who asked belongs to the newest page, if that had something to do in the last
// [AttachWindow]; else it is a step by itself. If no step is at the address that asked, then that
// page came from a cache, from a script that changes the address, from what was loaded ahead, or
// its own request is not finished yet: the step is implied, and its entry is filled in if it
// arrives, having begun before the first of its parts was finished.
//
// Requests with the same method and path of one step are one part with a count, failed ones apart
// from the others. Three or more fetches, fragments or beacons at regular intervals (they differ by
// a quarter at most) of at least [MinInterval] are a poll.
//
// Each entry is in exactly one step, and what failed ([store.Entry.Failed]) is counted on it.
//
// # Somebody in the user's place
//
// Entries with an actor, such as a support agent who impersonates the user, make steps of their own. They
// say nothing about where the user is, and give no hints.
package journey
