// Package watching watches what fails on the site for a team, by its rules. What happens is posted as a message to webhooks.
//
// What happened is read from Redis each time: who is in trouble from the user index, and what failed from their logs. So nothing is
// forgotten where the process ends that watches, and another one goes on. This package makes no texts: views does.
package watching
