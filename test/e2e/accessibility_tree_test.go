package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// However the rows of a log are laid out, for those who listen to the page it is a table, also with what is out
// of sight.
func TestALogIsATable(t *testing.T) {
	t.Parallel()
	const rows = 60
	site, logs := shareSite(t)
	b := site.openLog(t, logs, "tabea", "/live")
	b.hasURLs("/before")
	for n := range rows - 1 {
		record(logs, "tabea", fmt.Sprintf("/%d", n))
	}
	b.hasRows(rows)
	b.hasRoles("#log", map[string]int{"table": 1, "columnheader": 5, "row": rows + 1, "cell": 5 * rows})
	b.phone(390)
	b.hasRoles("#log", map[string]int{"table": 1, "columnheader": 1, "row": rows + 1, "cell": 5 * rows}) // of the head, the day is left
}

// hasRoles waits until so many elements have these roles, in what matches and below.
func (b *tab) hasRoles(selector string, want map[string]int) {
	b.t.Helper()
	call(b, accessibility.Enable, cdp.Empty{})
	top := call(b, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.querySelector(" + quote(selector) + ")"})
	for role, n := range want {
		redistest.Eventually(b.t, fmt.Sprintf("%d elements have the role %s", n, role), func() bool {
			found := call(b, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: top.Result.ObjectID, Role: role})
			return n == len(slices.DeleteFunc(found.Nodes, func(node *accessibility.Node) bool { return node.Ignored }))
		})
	}
}
