package embedded_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

// An embedded store records, and shows what it has recorded, as any other.
func Example() {
	logs, err := embedded.Open(store.Options{MaxEntries: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())

	watching, err := logs.Subscribe("ada", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer watching.Close()
	logs.Record(store.Entry{Username: "ada", Method: "POST", Path: "/reset?token=s3cret", Code: http.StatusSeeOther})

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for shown := 0; shown < 1; {
		update, err := watching.Next(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range update.Entries {
			fmt.Println(e.Username, e.Method, e.Path, e.Code)
			shown++
		}
	}
	// Output: ada POST /reset?token=*** 303
}

// Close writes what is queued. After that the stats are complete.
func Example_stats() {
	logs, err := embedded.Open(store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200})
	logs.Record(store.Entry{Username: "not\na name", Method: "GET", Path: "/", Code: 200})
	if err := logs.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	s := logs.Stats()
	fmt.Println(s.Accepted, "=", s.Written, "+", s.Dropped.Total(), "+", s.Indeterminate, "+", s.Queued)
	// Output: 2 = 1 + 1 + 0 + 0
}
