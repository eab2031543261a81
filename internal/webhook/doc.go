// Package webhook has what an admin shows of messages to destinations, such as a chat or a pager: how sending goes. It also spells their keys
// in Redis. What sends them is in internal/webhook/sending, which no host compiles.
package webhook
