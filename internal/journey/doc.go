// Package journey tells what a person did from the requests that a browser sent. It folds the entries of one
// user into steps, says where the person is now, and hints at trouble. It is pure: its only clocks are the times of
// entries and the time that is passed in. It makes no texts: views does.
//
// # What is a step
//
//   - A page (kind page), also a boosted one, and a download.
//   - A change (POST, PUT, PATCH, DELETE) that a script or htmx sent. One that succeeds at regular
//     intervals of at least [MinChangeInterval], such as a heartbeat, is a part from the fourth on.
//   - A request of htmx after which the browser shows another address.
//   - A request of unknown kind, such as a program's or one on an old line, unless its path ends as an asset's
//     does. One that names the page that asked was sent by a browser to a site on plain http. It counts as a script's.
//
// A redirect and the request that follows it are one step, of which the last request is the outcome.
//
// # What is a part of a step
//
// Everything else: assets, fragments and frames, fetches, checks of forms, beacons, sockets, and prefetches.
//
// A part belongs to the newest step whose page has the address that asked for it. The query of that address has to be the
// same, unless no step has it. A font that a style asked for belongs to the step of the style. A part
// that does not say who asked belongs to the newest page, if that was busy in the last [AttachWindow]. Otherwise it
// is a step by itself.
//
// Sometimes no step is at the address that asked. Then that page came from a cache, from a script that changes the
// address, or from a prefetch, or its own request is not finished yet. The step is implied. Its entry is filled in if
// it arrives later, and began before the first of its parts was finished.
//
// A script may load a page ahead, and show it without another request. Then the next request that comes from its address
// tells that the person was there. If that request is a step, the page is an implied step before it, without parts. The same
// holds for a page that was there before, if the script has loaded it again from another page. A poll does not tell it.
//
// Requests of one step with the same method and path are one part with a count. Failed ones are counted apart.
// Three or more fetches, fragments or beacons at regular intervals of at least [MinInterval] are a poll. Regular
// intervals differ by a quarter at most.
//
// Each entry is in exactly one step, and what failed ([store.Entry.Failed]) is counted on it.
//
// # Where the person is
//
// She is on the page that the newest step shows. A step shows none where the browser keeps the page that it has. That holds
// for a download, and for an answer with the status 204 or 205. It also holds for a request that she stopped before the browser
// got a status. A page of which she got a part, and which she then left for another, is not where she is.
//
// # Gaps
//
// An entry may say that requests are missing before it ([store.Entry.Gap]). If a person made some of them, they are a step
// of their own, which no filter leaves out. Hints that ask for an unbroken row begin anew behind it. That something was done there
// counts for how long the person is idle.
//
// # Somebody in the user's place
//
// Entries with an actor, such as a support agent who impersonates the user, make steps of their own. They
// say nothing about where the user is, and give no hints.
package journey
