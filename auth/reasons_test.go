package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestReasonHoldsForAPairAndAWhile(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, reasons := t.Context(), auth.NewReasons(client, keys)
		if err := reasons.State(ctx, "eve", "ada", " ticket 12 "); err != nil {
			t.Fatal(err)
		}
		stated, ok, err := reasons.Current(ctx, "eve", "ada")
		if !ok || err != nil || stated.Text != "ticket 12" {
			t.Fatalf("got %+v, %t, %v", stated, ok, err)
		}
		if left := time.Until(stated.Until); left > auth.ReasonLifetime || left < auth.ReasonLifetime-time.Minute {
			t.Errorf("it holds for %s", left)
		}
		for what, pair := range map[string][2]string{
			"another user": {"eve", "bob"}, "everyone": {"eve", ""}, "another account": {"root", "ada"}, "a pair that reads alike": {"eve\x00ada", ""},
		} {
			if current, ok, err := reasons.Current(ctx, pair[0], pair[1]); ok || err != nil {
				t.Errorf("%s: %+v, %v", what, current, err)
			}
		}
		forge(t, client, keys.Reason("eve", "ada"), `"Until":"2`, `"Until":"1`)
		if current, ok, err := reasons.Current(ctx, "eve", "ada"); ok || err != nil {
			t.Errorf("when its time is over: %+v, %v", current, err)
		}
	})
}

func TestReasonIsRefused(t *testing.T) {
	t.Parallel()
	reasons := auth.NewReasons(redistest.Patient(t, redistest.Start(t).Client(t)), keys)
	for _, text := range []string{"", "  ", strings.Repeat("é", auth.MaxReason+1), "a\nb", "a\x1bb", "\xff", "a\u0085b", "\u200b", "\u3164", "\u2800", "\u202e", "—"} {
		if err := reasons.State(t.Context(), "eve", "ada", text); !errors.Is(err, auth.ErrReason) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := reasons.State(t.Context(), "eve", "ada", strings.Repeat("é", auth.MaxReason)); err != nil {
		t.Error(err)
	}
}
