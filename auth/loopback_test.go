package auth_test

import (
	"net/http"
	"testing"

	"github.com/gin-userlog/userlog/auth"
)

func TestLoopbackIsThisMachine(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "shop.localhost": true, "127.0.0.1": true, "127.1.2.3:80": true, "[::1]": true, "[::1]:8080": true,
		"": false, "example.com": false, "localhost.example.com": false, "127.0.0.1.example.com": false, "10.0.0.1:80": false, "0.0.0.0": false, "[::]:80": false,
	} {
		if got := auth.IsLoopback(&http.Request{Host: host}); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
