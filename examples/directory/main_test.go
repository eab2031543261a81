package main

import (
	"net/http/httptest"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/directory"
)

// What "userlog serve" asks, the endpoint answers.
func TestTheEndpointAnswers(t *testing.T) {
	shop := customers{{Username: "42", Name: "Ada Lovelace", Facts: []handlers.Fact{{Label: "Order", Text: "4711"}}}, {Username: "7", Name: "Bob"}}
	server := httptest.NewServer(endpoint(shop, "s3cret"))
	defer server.Close()
	remote := directory.NewRemote(server.URL, func() string { return "s3cret" })
	defer remote.Close()
	for _, query := range []string{"lovelace", "4711"} {
		if found, err := remote.Search(t.Context(), query); err != nil || len(found) != 1 || found[0].Username != "42" {
			t.Errorf("%s: %v, %v", query, found, err)
		}
	}
	if known, err := remote.Lookup(t.Context(), "7", "8"); err != nil || len(known) != 1 || known["7"].Name != "Bob" {
		t.Errorf("got %v, %v", known, err)
	}
	stranger := directory.NewRemote(server.URL, func() string { return "wrong" })
	defer stranger.Close()
	if found, err := stranger.Search(t.Context(), "bob"); err == nil || len(found) != 0 {
		t.Errorf("without the secret: %v, %v", found, err)
	}
}
