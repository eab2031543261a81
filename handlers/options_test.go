package handlers_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestWrongOptionsAreNamed(t *testing.T) {
	t.Parallel()
	logs, err := store.New(redistest.Start(t).Client(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(t.Context())
	tests := []struct {
		options handlers.Options
		says    []string
	}{
		{handlers.Options{Language: "tlh"}, []string{"language", `"tlh"`, "en, ar, de, es, fr"}},
		{handlers.Options{Language: "FR"}, []string{"language", `"FR"`}},
		{handlers.Options{CookieDomain: "https://example.com"}, []string{"cookie domain", `"https://example.com"`, "such as"}},
		{handlers.Options{CookieDomain: "example.com; Path=/x"}, []string{"cookie domain"}},
		{handlers.Options{AllowedOrigins: []string{"https://ok.example", "admin.example.com"}}, []string{"allowed origin", `"admin.example.com"`, "such as"}},
		{handlers.Options{AllowedOrigins: []string{"https://admin.example.com/"}}, []string{"allowed origin", `"https://admin.example.com/"`}},
		{handlers.Options{AllowedOrigins: []string{"*"}}, []string{"allowed origin", `"*"`}},
		{handlers.Options{AllowedOrigins: []string{"null"}}, []string{"allowed origin", `"null"`}},
		{handlers.Options{LiveURL: "https://live.example.com/socket"}, []string{"live URL", `"https://live.example.com/socket"`, "wss://"}},
		{handlers.Options{LiveURL: "/live/socket"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://user:secret@live.example.com/"}, []string{"live URL", "live.example.com"}},
		{handlers.Options{LiveURL: "wss://live.example.com/socket?x=1"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://live.example.com/socket?"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://live.example.com/socket#x"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://a.example;script-src *"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://a.example;x/"}, []string{"live URL"}},
		{handlers.Options{LiveURL: "wss://a.example, b.example/"}, []string{"live URL"}},
	}
	for _, test := range tests {
		_, err := handlers.New(logs, test.options)
		if err == nil {
			t.Errorf("%+v was accepted", test.options)
			continue
		}
		for _, word := range append(test.says, "handlers: ") {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v: says nothing of %s", err, word)
			}
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("gives a password away: %v", err)
		}
	}
	if _, err := handlers.New(nil, handlers.Options{}); err == nil || !strings.Contains(err.Error(), "no store") {
		t.Errorf("without a store: %v", err)
	}
}
