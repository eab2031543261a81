package directory

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serve serves a directory that is answered by a function.
func serve(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *Remote) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	r := NewRemote(server.URL+"/people", func() string { return "s3cret" })
	t.Cleanup(r.Close)
	return server, r
}

func TestRemoteAsksAndReads(t *testing.T) {
	_, r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("asked by %s with %v", r.Method, r.Header)
		}
		switch string(body) {
		case `{"search":"Lovelace"}`:
			io.WriteString(w, `{"people":[{"username":"42","name":"Ada Lovelace","facts":[{"label":"Order","text":"4711","url":"https://crm.example.com/4711"}]}]}`)
		case `{"lookup":["42","7"]}`:
			io.WriteString(w, `{"people":[{"username":"42","name":"Ada Lovelace","more":true}]}`)
		default:
			t.Errorf("asked %s", body)
		}
	})
	found, err := r.Search(t.Context(), "Lovelace")
	if err != nil || len(found) != 1 || found[0].Username != "42" || found[0].Facts[0].URL != "https://crm.example.com/4711" {
		t.Errorf("the search: %v, %v", found, err)
	}
	known, err := r.Lookup(t.Context(), "42", "7")
	if err != nil || len(known) != 1 || known["42"].Name != "Ada Lovelace" {
		t.Errorf("the lookup: %v, %v", known, err)
	}
}

func TestRemoteRefuses(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	defer other.Close()
	for name, answer := range map[string]http.HandlerFunc{
		"another host": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		},
		"for ever": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/people", http.StatusTemporaryRedirect)
		},
		"too long": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"people":[`+strings.Repeat(" ", maxAnswer)+`]}`)
		},
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		"a failure": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a login":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	} {
		_, r := serve(t, answer)
		if found, err := r.Search(t.Context(), "ada"); err == nil || len(found) != 0 || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

func TestRemoteFollowsOnItsOwnHost(t *testing.T) {
	_, r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/people" {
			http.Redirect(w, r, "/v2/people", http.StatusTemporaryRedirect)
			return
		}
		if r.Header.Get("Authorization") == "" {
			t.Error("the secret is missing")
		}
		io.WriteString(w, `{"people":[{"username":"ada"}]}`)
	})
	if found, err := r.Search(t.Context(), "ada"); err != nil || len(found) != 1 {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestCheckURL(t *testing.T) {
	for address, right := range map[string]bool{
		"https://shop.example.com/internal/people": true, "http://127.0.0.1:8081/people?of=shop": true, "": false, "shop.example.com": false,
		"ftp://shop.example.com": false, "https://user:secret@shop.example.com/": false, "https://": false, "https://a/#b": false,
	} {
		if err := CheckURL(address); (err == nil) != right {
			t.Errorf("%q: %v", address, err)
		}
	}
}
