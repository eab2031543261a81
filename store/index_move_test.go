package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// The user index is spread while applications record and agents search. Nobody is missing at any time.
func TestTheIndexMovesWhileItIsUsed(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	const idle, busy = 2500, 5
	options := store.LookingAtLayout(2 * time.Second) // no write may take longer than that
	recording, searching := storetest.Open(t, client, options), storetest.Open(t, client, options)
	for n := range idle {
		e := storetest.Entry(fmt.Sprintf("idle-%04d", n), 1)
		if n%10 == 0 {
			e.Code = 500
		}
		recording.Record(e)
	}
	storetest.Written(t, recording)
	for _, parts := range []int{16, 3, 1} {
		moved := make(chan error, 1)
		go func() { moved <- searching.SpreadIndex(t.Context(), parts) }()
		for under := true; under; {
			select {
			case err := <-moved:
				if err != nil {
					t.Fatal(err)
				}
				under = false
			default:
			}
			for n := range busy {
				recording.Record(storetest.Entry(fmt.Sprintf("busy-%d", n), 1))
			}
			storetest.Written(t, recording)
			everyone(t, searching, idle, busy)
		}
		if n, err := searching.IndexParts(t.Context()); err != nil || n != parts {
			t.Errorf("there are %d parts, %v, want %d", n, err, parts)
		}
		var left []string
		for _, others := range []int{1, 3, 16} {
			if index := storetest.Keys(searching).Index(others); others != parts {
				for part := range others {
					left = append(left, index.Users(part), index.Names(part), index.Trouble(part))
				}
			}
		}
		if n := client.Exists(t.Context(), left...).Val(); n != 0 {
			t.Errorf("%d keys of other layouts are left", n)
		}
	}
}

// everyone checks that all users are found: by name, as seen last, and in trouble.
func everyone(t *testing.T, logs *store.Store, idle, busy int) {
	t.Helper()
	ctx := t.Context()
	seen, err := logs.LastSeen(ctx, 2*(idle+busy))
	if err != nil || len(seen) != idle+busy {
		t.Fatalf("%d users were seen, %v, want %d", len(seen), err, idle+busy)
	}
	troubled, err := logs.InTrouble(ctx, idle)
	if err != nil || len(troubled) != idle/10 {
		t.Fatalf("%d users are in trouble, %v, want %d", len(troubled), err, idle/10)
	}
	found, err := logs.Search(ctx, "idle-1", 1000)
	names := make([]string, len(found.Users))
	for i, user := range found.Users {
		names[i] = user.Username
	}
	if err != nil || len(names) != 1000 || !slices.IsSorted(names) {
		t.Fatalf("%d users are found, %v, want 1000 in order", len(names), err)
	}
}

// A call that was interrupted is taken up by the next one.
func TestAnInterruptedMoveGoesOn(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	logs := storetest.Open(t, client, store.LookingAtLayout(50*time.Millisecond))
	for n := range 50 {
		logs.Record(storetest.Entry(fmt.Sprintf("user-%d", n), 1))
	}
	storetest.Written(t, logs)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if err := logs.SpreadIndex(ctx, 7); err == nil {
		t.Fatal("it was not interrupted")
	}
	if err := logs.SpreadIndex(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	if seen, err := logs.LastSeen(t.Context(), 100); err != nil || len(seen) != 50 {
		t.Errorf("%d users were seen, %v", len(seen), err)
	}
	if n, err := logs.IndexParts(t.Context()); err != nil || n != 4 {
		t.Errorf("there are %d parts, %v", n, err)
	}
}

// A layout that can't be read changes nothing, and a number that can't be meant is refused.
func TestALayoutThatCanNotBeRead(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	for _, text := range []string{"", "0", "-1", "sixteen", "1 2 3", "100000", "16,3"} {
		client.Set(t.Context(), storetest.KeysOf(store.DefaultKeyPrefix).Layout(), text, 0)
		logs := storetest.Open(t, client, store.Options{})
		logs.Record(storetest.Entry("ada", 1))
		storetest.Written(t, logs)
		if seen, err := logs.LastSeen(t.Context(), 5); err != nil || len(seen) != 1 {
			t.Errorf("%q: seen %v, %v", text, seen, err)
		}
		if n, err := logs.IndexParts(t.Context()); err == nil {
			t.Errorf("%q: there are %d parts", text, n)
		}
		for _, parts := range []int{0, -1, store.MaxIndexParts + 1} {
			if err := logs.SpreadIndex(t.Context(), parts); err == nil {
				t.Errorf("%d parts are taken", parts)
			}
		}
	}
}
