// Package rules watches what fails on the site for a team, by rules that superusers make: many users fail on one page, or a named one
// fails. Each event is posted as a message to webhooks.
//
// Events are read from Redis each time: who is in trouble from the user index, and what failed from their logs. So nothing is
// forgotten where the process ends that watches, and another one goes on. This package makes no texts: views does.
package rules
