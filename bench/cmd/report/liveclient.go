package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// liveServer is a process that runs [serveLive].
type liveServer struct {
	*process
	kind string
}

func startLive(kind, redis string) (*liveServer, error) {
	p, err := startProcess(liveCommand, "-kind", kind, "-redis", redis)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", kind, err)
	}
	return &liveServer{process: p, kind: kind}, nil
}

// load has the server record, and returns when it has.
func (s *liveServer) load(ctx context.Context, b burst) (recorded, error) {
	wire, err := json.Marshal(b)
	if err != nil {
		return recorded{}, err
	}
	var r recorded
	err = s.get(ctx, "/load?"+url.Values{"burst": {string(wire)}}.Encode(), &r)
	return r, err
}

// usage asks what the server uses; free has it give back before what it does not need.
func (s *liveServer) usage(ctx context.Context, free bool) (usage, error) {
	path := "/usage"
	if free {
		path += "?free=1"
	}
	var u usage
	err := s.get(ctx, path, &u)
	return u, err
}

func (s *liveServer) get(ctx context.Context, path string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the server: %s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("ask the server: %s: %w", path, err)
	}
	return nil
}

// watching returns n queries, of so many users in turn.
func watching(n, users int, format string) []url.Values {
	queries := make([]url.Values, n)
	for i := range queries {
		queries[i] = url.Values{"username": {userNumber(i % users)}, "format": {format}}
	}
	return queries
}

// milliseconds is d as it is printed.
func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
}

// ratio is how many times b a is.
func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
