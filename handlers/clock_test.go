package handlers_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A process that has just started knows nothing of Redis' clock. Its first page tells ages by that clock all the same.
func TestTheFirstPageKnowsTheTimeOfRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	newSite(t, server.Client(t), handlers.Options{}).record("ada", "/")
	for _, path := range []string{"/", "/static?username=ada", "/live?username=ada", "/live?username=adda", "/live/everyone"} {
		started := newSite(t, server.Client(t), handlers.Options{Identify: hostLogin})
		started.logs.Client().(*redis.Client).AddHook(clockBehind(10 * time.Minute))
		b, before := started.stranger(), time.Now().Add(-10*time.Minute-time.Second)
		a := b.get(base+path, "X-Host-User", root)
		told, err := time.Parse(time.RFC3339, a.find("html").AttrOr("data-now", ""))
		if err != nil || told.Before(before) || told.After(time.Now().Add(-10*time.Minute+time.Second)) {
			t.Errorf("%s says that it is %s, %v", path, told, err)
		}
	}
}

// Nor does it take for long ago what has failed a moment ago, by Redis' clock: then "done" can't be said.
func TestDoneIsSaidByTheTimeOfRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first := newSite(t, server.Client(t), handlers.Options{Identify: hostLogin})
	first.customer("ada", store.Entry{Method: "POST", Path: "/pay", Code: 500, Time: time.Now().Add(-time.Minute)})
	done := first.stranger().get(base+"/static?username=ada", "X-Host-User", root).action("Done")
	started := newSite(t, server.Client(t), handlers.Options{Identify: hostLogin})
	started.logs.Client().(*redis.Client).AddHook(clockBehind(10 * time.Minute))
	started.stranger().say("ada", done, "", "X-Host-User", root).expect(http.StatusUnprocessableEntity,
		"Something of this customer has failed a moment ago. Look at that first. If it is solved, choose Done again in a few seconds.")
}

// clockBehind sets Redis' clock behind that of this host.
type clockBehind time.Duration

func (clockBehind) DialHook(next redis.DialHook) redis.DialHook { return next }

func (clockBehind) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b clockBehind) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		err := next(ctx, c)
		if asked, ok := c.(*redis.TimeCmd); ok {
			asked.SetVal(asked.Val().Add(-time.Duration(b)))
		}
		return err
	}
}
