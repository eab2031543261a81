// Package openconns lets the admin tell the server of "userlog serve" which of its connections are used by people who are logged
// in. When all connections are taken, those of strangers give way to them. In other servers it does nothing.
package openconns

import (
	"context"
	"crypto/tls"
	"net"
)

// Keeper is a connection that can be kept while others give way.
type Keeper interface{ Keep() }

// key is the key of a request's context for its connection.
type key struct{}

// With returns the context of a connection, for http.Server.ConnContext.
func With(ctx context.Context, conn net.Conn) context.Context {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	return context.WithValue(ctx, key{}, conn)
}

// Keep keeps the connection of a request whose maker is logged in.
func Keep(ctx context.Context) {
	if keeper, ok := ctx.Value(key{}).(Keeper); ok {
		keeper.Keep()
	}
}
