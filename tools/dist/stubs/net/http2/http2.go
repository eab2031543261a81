// Package http2 stands for that of golang.org/x/net in releases. Gin imports it for Engine.UseH2C, which userlog does not set. By TLS,
// net/http speaks HTTP/2 itself.
package http2

// Server has no settings.
type Server struct{}
