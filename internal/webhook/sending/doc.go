// Package sending sends messages to destinations that the operator of the program has chosen, such as a chat or a pager: by Standard
// Webhooks (signed), or as Slack has it.
//
// Messages wait in Redis, in a queue for each destination. Several processes may serve the same queues. One of them leads: it alone posts
// messages, at most one a minute about a subject. Each message is taken by one process at a time. Where a process ends before it knows
// what came of a message, another one sends it again after half a minute, with the same id. So a message comes once as long as all goes
// well, and may come twice otherwise: receivers know that by its id.
package sending
