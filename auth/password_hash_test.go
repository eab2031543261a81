package auth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const validHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestParsePasswordHash(t *testing.T) {
	t.Parallel()
	p, err := parsePasswordHash(validHash)
	if err != nil {
		t.Fatal(err)
	}
	if p.Cost != defaultCost || len(p.salt) != saltLength || len(p.sum) != sumLength {
		t.Errorf("got %+v", p)
	}
}

func TestParsePasswordHashRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, old, new string }{
		{"another algorithm", "argon2id", "argon2i"},
		{"another version", "v=19", "v=16"},
		{"no passes", "t=2", "t=0"},
		{"no threads", "p=1", "p=0"},
		{"too many threads", "p=1", "p=65"},
		{"too many passes", "t=2", "t=65"},
		{"too much memory", "m=19456", "m=1048577"},
		{"too little memory", "m=19456", "m=7"},
		{"a number that overflows", "m=19456", "m=99999999999"},
		{"a space", "t=2", "t= 2"},
		{"a sign", "t=2", "t=+2"},
		{"something after the cost", "p=1", "p=1,x=2"},
		{"a short salt", "AAAAAAAAAAAAAAAAAAAAAA$", "AAAA$"},
		{"padding", "AAAAAAAAAAAAAAAAAAAAAA$", "AAAAAAAAAAAAAAAAAAAAAA==$"},
		{"no sum", "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""},
		{"nothing at all", validHash, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := strings.Replace(validHash, c.old, c.new, 1)
			if _, err := parsePasswordHash(s); !errors.Is(err, errPasswordHash) {
				t.Errorf("%s: got %v", s, err)
			}
		})
	}
}

func FuzzParsePasswordHash(f *testing.F) {
	f.Add(validHash)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePasswordHash(s)
		if err != nil {
			return
		}
		if p.String() != s || !p.inRange() {
			t.Errorf("%q is accepted as %+v", s, p)
		}
	})
}

func TestHasherWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	h := newHasher(defaultCost)
	for range maxHashes {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "correct horse battery"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// However many passwords are checked at once, only a few hashes are computed at once: each takes 19 MiB, so
// that is what bounds the memory.
func TestHashesAreFewAtOnce(t *testing.T) {
	t.Parallel()
	const asked = 1_000
	h := newHasher(defaultCost)
	var running, most, computed atomic.Int32
	h.derive = func(_ string, p passwordHash) []byte {
		now := running.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		runtime.Gosched() // lets others in, if they may
		running.Add(-1)
		computed.Add(1)
		return make([]byte, len(p.sum))
	}
	var wg sync.WaitGroup
	var refused atomic.Int32
	for range asked {
		wg.Go(func() {
			switch _, err := h.hash(t.Context(), "correct horse battery"); {
			case errors.Is(err, ErrBusy):
				refused.Add(1)
			case err != nil:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > maxHashes || computed.Load()+refused.Load() != asked || computed.Load() < maxHashes {
		t.Errorf("%d of %d hashes were computed and %d refused, up to %d at once; want %d at most", computed.Load(), asked, refused.Load(), most.Load(), maxHashes)
	}
}
