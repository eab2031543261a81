package store

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// heldPipelines are a Redis whose pipelines are answered when they are released.
type heldPipelines struct{ sent, released chan struct{} }

func (h heldPipelines) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (h heldPipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h heldPipelines) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error {
		h.sent <- struct{}{}
		<-h.released
		return nil
	}
}

// One writer's flush may have taken the new users of another, who must not write their logs before it has ended.
func TestAFlushWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	names, err := keys.New("userlog:", "userlog:")
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	held := heldPipelines{make(chan struct{}), make(chan struct{})}
	client.AddHook(held)
	x := newUserIndex(newIndexLayout(client, names, Options{}), Options{Retention: time.Hour})
	if !x.introduce([]Entry{{Username: "ada"}, {Username: "bob"}}) {
		t.Fatal("nobody is new")
	}
	flush := func(ctx context.Context) error { return x.flush(ctx, client, nil, slog.New(slog.DiscardHandler)) }
	first := make(chan error)
	go func() { first <- flush(context.Background()) }()
	<-held.sent
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if flush(over) == nil {
		t.Error("a flush is over while the one before is under way")
	}
	close(held.released)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := flush(t.Context()); err != nil {
		t.Error(err)
	}
}
