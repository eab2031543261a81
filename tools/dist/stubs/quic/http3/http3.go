// Package http3 stands for that of quic-go in releases. Gin imports it for Engine.RunQUIC, which userlog does not call.
package http3

import (
	"errors"
	"net/http"
)

// ListenAndServeQUIC returns an error: releases don't speak QUIC.
func ListenAndServeQUIC(_, _, _ string, _ http.Handler) error {
	return errors.New("http3: built without QUIC")
}
