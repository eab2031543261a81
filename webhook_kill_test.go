//go:build unix

package main_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// testKilledSender kills a server while it sends a message. Another one sends the message again, with the same id, and no other.
func testKilledSender(t *testing.T, binary string) {
	server := redistest.Start(t)
	client := server.Client(t)
	const rule = `{"kind":"user-fails","username":"ada","by":"root","made":"2026-01-01T00:00:00Z"}`
	if err := client.HSet(t.Context(), "userlog:{webhook}:rules", "r1", rule).Err(); err != nil {
		t.Fatal(err)
	}
	ids := make(chan string, 10)
	hang, patient := context.WithCancel(t.Context())
	box := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // it counts that it has come
		ids <- r.Header.Get("Webhook-Id")
		select {
		case <-hang.Done():
		case <-r.Context().Done():
		}
	}))
	defer box.Close()
	defer patient()
	file := destinationFile(t, box.URL)

	first := startServer(t, binary, server.URL, file)
	logs, err := store.Open(server.URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	logs.Record(store.Entry{Username: "ada", Path: "/", Code: 500, Kind: store.KindPage})
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := awaitID(t, ids)
	if err := errors.Join(first.Process.Kill(), expectKilled(first.Wait())); err != nil {
		t.Fatal(err)
	}
	patient() // from now on the receiver answers
	// Its half minute is over, and so is its lead.
	if err := errors.Join(client.ZAdd(t.Context(), "userlog:{webhook}:queue:team", redis.Z{Member: id}).Err(), client.Del(t.Context(), "userlog:{webhook}:leader").Err()); err != nil {
		t.Fatal(err)
	}
	second := startServer(t, binary, server.URL, file)
	if again := awaitID(t, ids); again != id {
		t.Errorf("the second message is %s, and the first %s", again, id)
	}
	redistest.Eventually(t, "the queue is empty", func() bool { return client.Exists(t.Context(), "userlog:{webhook}:queue:team").Val() == 0 })
	if err := errors.Join(second.Process.Signal(syscall.SIGTERM), second.Wait()); err != nil || len(ids) > 0 {
		t.Errorf("it ended with %v, and %d more messages have come", err, len(ids))
	}
}

// destinationFile writes a file with one destination.
func destinationFile(t *testing.T, url string) string {
	file := filepath.Join(t.TempDir(), "webhooks.toml")
	content := fmt.Sprintf("[team]\nurl = %q\nsecret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n", url)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// startServer starts a server, and returns when it serves. It is killed at the end of the test.
func startServer(t *testing.T, binary, redisURL, webhookFile string) *exec.Cmd {
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--drain", "0s", "--redis", redisURL, "--webhook-file", webhookFile)
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may have ended
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "The admin is at") {
		t.Fatalf("it says %q, %v", line, err)
	}
	return cmd
}

// awaitID waits for a message, and returns its id.
func awaitID(t *testing.T, ids <-chan string) string {
	select {
	case id := <-ids:
		return id
	case <-time.After(redistest.Patience):
		t.Fatal("no message comes")
	}
	return ""
}

// expectKilled is an error unless a process was killed.
func expectKilled(err error) error {
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) && ended.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return nil
	}
	return fmt.Errorf("it was not killed: %w", err)
}
