package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Without a database the lint goes on, and says what it lacks. It never waits for long.
func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	missing := httptest.NewServer(http.NotFoundHandler())
	defer missing.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, db := range []string{missing.URL, closed.URL, "file:///nowhere", "http://a b"} {
		var said strings.Builder
		if err := run(t.Context(), ".", db, &said); err != nil || !strings.Contains(said.String(), "can't be reached") {
			t.Errorf("%s: %v, said %q", db, err, said.String())
		}
	}
}

func TestADatabaseThatHangs(t *testing.T) {
	t.Parallel()
	let := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	defer hangs.Close()
	defer close(let)
	begun := time.Now()
	var said strings.Builder
	if err := run(t.Context(), ".", hangs.URL, &said); err != nil || !strings.Contains(said.String(), "it does not answer") {
		t.Errorf("%v, said %q", err, said.String())
	}
	if took := time.Since(begun); took > limit/2 {
		t.Errorf("it took %v", took)
	}
}
