package live

import (
	"fmt"
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// followed are the steps to which entries belong.
func followed(t *testing.T, s *sharedSteps, entries ...*store.Entry) []*journey.Step {
	t.Helper()
	steps, err := s.follow(entries, false)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestSharedStepsAreForgottenWithTheLastViewer(t *testing.T) {
	h := &Hub{logs: newMemoryLogs(), sharedSteps: make(map[string]*sharedSteps)}
	first := h.joinSteps("ada")
	if h.joinSteps("ada") != first || h.joinSteps("bob") == first {
		t.Error("all who watch a user should share her steps, and nobody else")
	}
	h.leaveSteps("ada")
	if h.sharedSteps["ada"] != first {
		t.Error("forgotten while somebody watches")
	}
	h.leaveSteps("ada")
	h.leaveSteps("bob")
	if len(h.sharedSteps) != 0 {
		t.Errorf("shared steps of %d users whom nobody watches", len(h.sharedSteps))
	}
}

func TestSharedStepsAreOnlySoMany(t *testing.T) {
	steps := sharedStepsAfter()
	const limit = rememberedEntries + 2*25
	for n := range limit + 10 {
		followed(t, steps, page(fmt.Sprint(n), "/cart"))
	}
	if len(steps.steps) != limit || len(steps.ids) != limit || len(steps.folder.Steps()) != rememberedSteps {
		t.Errorf("%d entries, %d ids, %d steps", len(steps.steps), len(steps.ids), len(steps.folder.Steps()))
	}
}

// Every viewer of a log gets the page that a script had loaded ahead, and not only the one whose frame is the first.
func TestEachViewerGetsThePageThatWasLoadedAhead(t *testing.T) {
	steps := sharedStepsAfter()
	ahead := page("2", "/orders")
	ahead.Kind, ahead.From = store.KindPrefetch, "/"
	next := page("3", "/orders/7")
	next.From = "/orders"
	followed(t, steps, page("1", "/"), ahead)
	for range 2 {
		var paths []string
		for _, step := range followed(t, steps, next) {
			paths = append(paths, step.Entry.Path)
		}
		if fmt.Sprint(paths) != "[/orders /orders/7]" {
			t.Errorf("the steps that changed are %v", paths)
		}
	}
}

// What the log has lost since the viewer was given it is folded behind what it has kept.
func TestWhatTheLogHasLostIsFoldedInItsPlace(t *testing.T) {
	opened, lost := page("1", "/cart"), image("2", "/a.png", "/cart", 200)
	steps := sharedStepsAfter(*image("4", "/c.png", "/cart", 200), *image("3", "/b.png", "/cart", 200), *opened)
	changed := followed(t, steps, opened, lost, image("3", "/b.png", "/cart", 200))
	if len(changed) != 1 || changed[0].ID != "1" || len(changed[0].Parts) != 3 {
		t.Fatalf("%d steps, the first is %+v", len(changed), changed[0])
	}
	for i, want := range []string{"/a.png", "/b.png", "/c.png"} {
		if got := changed[0].Parts[i].Entry.Path; got != want {
			t.Errorf("part %d is %s, want %s", i, got, want)
		}
	}
}
