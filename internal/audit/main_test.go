//go:build unix

package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) {
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}

// keys needs no prefix: every test has a Redis of its own.
var keys audit.Keys

// fill appends n records and returns them as they were written.
func fill(t *testing.T, log *audit.Log, n int) []audit.Record {
	t.Helper()
	var records []audit.Record
	for range n {
		records = append(records, put(t, log, audit.Record{Actor: "root", Action: audit.View, Subject: "ada"}))
	}
	return records
}

func put(t *testing.T, log *audit.Log, r audit.Record) audit.Record {
	t.Helper()
	written, err := log.Append(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// verify returns what Verify reports.
func verify(t *testing.T, log *audit.Log, since audit.Checkpoint) audit.Report {
	t.Helper()
	report, err := log.Verify(t.Context(), since)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// all returns the whole log, oldest first.
func all(t *testing.T, log *audit.Log, filter audit.Filter) []audit.Record {
	t.Helper()
	var records []audit.Record
	for r, err := range log.All(t.Context(), filter) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// entries returns what is in the stream.
func entries(t *testing.T, client redis.UniversalClient) []redis.XMessage {
	t.Helper()
	messages, err := client.XRange(t.Context(), keys.Records(), "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// rewrite puts other entries into the stream, which ids alone can't be changed in.
func rewrite(t *testing.T, client redis.UniversalClient, messages []redis.XMessage) {
	t.Helper()
	ctx := t.Context()
	if err := client.Del(ctx, keys.Records()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, message := range messages {
		err := client.XAdd(ctx, &redis.XAddArgs{Stream: keys.Records(), ID: message.ID, Values: message.Values}).Err()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// clock is a time that a test sets.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// impatient returns a client like the store's: it gives up when the server is gone, or ctx ends.
func impatient(t *testing.T, server *redistest.Server) redis.UniversalClient {
	t.Helper()
	logs, err := store.Open(server.URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Close(context.Background()) }) // nothing was recorded
	return logs.Client()
}
