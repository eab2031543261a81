package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOpenRefusesBadOptions(t *testing.T) {
	if _, err := embedded.Open(store.Options{MaxEntries: -1}); err == nil || !strings.Contains(err.Error(), "MaxEntries is -1") {
		t.Errorf("got %v", err)
	}
}

func ExampleOpen() {
	logs, err := embedded.Open(store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close(context.Background())
	fmt.Println(logs.Ping(context.Background()))
	// Output: <nil>
}
