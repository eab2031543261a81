package store_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-userlog/userlog/store"
)

// A store records, and shows what it has recorded. This example needs a Redis, so it is compiled and not run: the module
// of store can't require that of store/embedded, which requires it. The example of store/embedded is the same, and is run.
func Example() {
	logs, err := store.Open("redis://localhost:6379/0", store.Options{MaxEntries: 10})
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

	update, err := watching.Next(context.Background()) // what the log holds, then what is recorded
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range update.Entries {
		fmt.Println(e.Username, e.Method, e.Path, e.Code)
	}
}

// A line of the log, such as a program has read it from the live socket, becomes an entry.
func ExampleEntry_UnmarshalJSON() {
	var e store.Entry
	line := `{"username":"ada","method":"GET","path":"/orders/7","code":500,"time":1795600000.25,"kind":"page"}`
	if err := e.UnmarshalJSON([]byte(line)); err != nil {
		fmt.Println(err)
	}
	fmt.Println(e.Username, e.Method, e.Path, e.Code, e.Kind, e.Time.Format("15:04:05.00"))
	// Output: ada GET /orders/7 500 page 09:46:40.25
}
