package live

import (
	"fmt"
	"testing"

	"github.com/gin-userlog/userlog/store"
)

func TestAHistoryIsForgottenWithItsLastViewer(t *testing.T) {
	h := &Hub{logs: newMemoryLogs(), histories: make(map[string]*history)}
	first := h.enterHistory("ada")
	if h.enterHistory("ada") != first || h.enterHistory("bob") == first {
		t.Error("the history of one user is not that of all who watch her, and of nobody else")
	}
	h.leaveHistory("ada")
	if h.histories["ada"] != first {
		t.Error("forgotten while somebody watches")
	}
	h.leaveHistory("ada")
	h.leaveHistory("bob")
	if len(h.histories) != 0 {
		t.Errorf("%d histories of nobody", len(h.histories))
	}
}

func TestAHistoryRemembersOnlySoMuch(t *testing.T) {
	steps := historyAfter()
	const limit = rememberedEntries + 2*25
	for n := range limit + 10 {
		steps.follow([]*store.Entry{page(fmt.Sprint(n), "/cart")})
	}
	if len(steps.steps) != limit || len(steps.ids) != limit || len(steps.folder.Steps()) != rememberedSteps {
		t.Errorf("%d entries, %d ids, %d steps", len(steps.steps), len(steps.ids), len(steps.folder.Steps()))
	}
}
