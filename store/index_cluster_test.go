package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// All masters of a cluster share the user index. Where one is away without a replica, the others' users are found, and it is said
// that there may be more.
func TestTheIndexOfACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	ctx := t.Context()
	logs := storetest.Open(t, client, store.Options{})
	users := oneOfEach(t, cluster, 3)
	fails := func(username string) {
		e := storetest.Entry(username, 1)
		e.Code = 500
		logs.Record(e)
	}
	for _, username := range users {
		fails(username)
	}
	logs.Announce()
	finds := func(want []string, partial bool) func() bool {
		want = slices.Sorted(slices.Values(want))
		return func() bool {
			seen, errSeen := logs.LastSeen(ctx, 10)
			troubled, errTroubled := logs.InTrouble(ctx, 10)
			found, errFound := logs.Search(ctx, "user", 10)
			var names [3][]string
			for _, user := range seen {
				names[0] = append(names[0], user.Username)
			}
			for _, user := range troubled {
				names[1] = append(names[1], user.Username)
			}
			for _, user := range found.Users {
				names[2] = append(names[2], user.Username)
			}
			for i, err := range []error{errSeen, errTroubled, errFound} {
				slices.Sort(names[i])
				if errors.Is(err, store.ErrPartial) != partial || err != nil && !partial || !slices.Equal(names[i], want) {
					return false
				}
			}
			return true
		}
	}
	redistest.Eventually(t, "all users are found", finds(users, false))
	redistest.Eventually(t, "the layout is written down", func() bool {
		return client.Get(ctx, storetest.Keys(logs).Layout()).Val() == "16"
	})
	with := make(map[*redistest.Server]bool)
	index := storetest.Keys(logs).Index(16)
	for part := range index.Parts() {
		with[cluster.Master(index.Users(part))] = true
	}
	if len(with) != 3 {
		t.Errorf("%d masters have parts of the index, want 3", len(with))
	}

	gone := cluster.Master(storetest.Keys(logs).Log(users[0]))
	cluster.Replica(gone).Kill()
	gone.Kill()
	redistest.Eventually(t, "the others' users are found", finds(users[1:], true))
	resolves := func(typed, want string, partial bool) func() bool {
		return func() bool {
			username, ok, err := logs.Resolve(ctx, typed)
			return username == want && ok != partial && errors.Is(err, store.ErrPartial) == partial
		}
	}
	redistest.Eventually(t, "the others' logs are read at once", func() bool {
		newest, err := logs.Newest(ctx, 2, users...)
		return errors.Is(err, store.ErrPartial) && newest[0].Entries == nil && len(newest[1].Entries) == 1 && len(newest[2].Entries) == 1
	})
	loud := strings.ToUpper(users[1])
	redistest.Eventually(t, "who has a log is meant by her name", resolves(users[1], users[1], false))
	redistest.Eventually(t, "it is not known who else may be meant", resolves(loud, loud, true))
	gone.Restart() // it has lost its data
	redistest.Eventually(t, "nothing is missing any more", finds(users[1:], false))
	redistest.Eventually(t, "it is known who is meant", resolves(loud, users[1], false))
	fails(users[0])
	redistest.Eventually(t, "all users are found again", finds(users, false))
}
