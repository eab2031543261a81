package failures_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store/internal/failures"
)

func isLine(line string) (string, bool) { return line, true }

// shown writes a list as text, such as F3:pay for the third request.
func shown(l *failures.List[string]) string {
	var b strings.Builder
	for _, h := range l.Held() {
		fmt.Fprintf(&b, "%c%.5f:%s ", h.Class, h.Number, h.Line)
	}
	return b.String()
}

// The script and the list note the same of any requests.
func TestTheScriptDoesWhatAListDoes(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	classes := []failures.Class{failures.Other, failures.Step, failures.Part, failures.Worked}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		key, there := fmt.Sprint("failures", seed), false
		var list failures.List[string]
		for i := range 60 {
			var marks []failures.Mark
			var lines []any
			for n := range 1 + random.IntN(4) {
				m := failures.Mark{Class: classes[random.IntN(len(classes))], Counts: random.IntN(3) > 0, What: random.Uint64N(1 + seed)}
				line := fmt.Sprintf("%d.%d", i, n)
				marks, lines, there = append(marks, m), append(lines, line), there || m.Fails()
			}
			for n := range marks {
				if there {
					list.Add(marks[n], lines[n].(string))
				}
			}
			args := append([]any{int64(60_000), failures.Marks(marks)}, lines...)
			answer, err := client.Eval(t.Context(), failures.Script, []string{key}, args...).Int()
			if err != nil || (answer == 1) != there {
				t.Fatalf("seed %d: answer %d, %v", seed, answer, err)
			}
			read := failures.Read(client.ZRangeWithScores(t.Context(), key, 0, -1).Val(), isLine)
			if got, want := shown(&read), shown(&list); got != want {
				t.Fatalf("seed %d after %v:\n%s\nwant\n%s", seed, marks, got, want)
			}
		}
		if left := client.PTTL(t.Context(), key).Val(); left <= 0 {
			t.Errorf("expires in %s", left)
		}
	}
}

func TestListsKeepTheLastOfEachKind(t *testing.T) {
	t.Parallel()
	pay := failures.Mark{Class: failures.Step, Counts: true, What: 1}
	var l failures.List[string]
	l.Add(pay, "pay")
	for i := range 3 * failures.Most {
		l.Add(failures.Mark{Class: failures.Part, Counts: true, What: uint64(100 + i)}, fmt.Sprint("part", i))
		l.Add(failures.Mark{Class: failures.Part, What: 50}, "poll")
	}
	if got := l.Held(); len(got) != 1+failures.Most || got[0].Line != "pay" {
		t.Errorf("what pages fetch pushes out what a person did: %s", shown(&l))
	}
	solved := pay
	solved.Class = failures.Worked
	l.Add(solved, "paid")
	l.Add(solved, "paid again")
	if held := l.Held(); held[len(held)-1].Line != "paid" {
		t.Errorf("what solved it: %s", shown(&l))
	}
	for i := range failures.Most {
		l.Add(failures.Mark{Class: failures.Step, Counts: true, What: uint64(i + 10)}, fmt.Sprint("step", i))
	}
	if text := shown(&l); strings.Contains(text, "pay") || strings.Contains(text, "paid") {
		t.Errorf("more than the last: %s", text)
	}
}

func TestWhatIsMissingIsCounted(t *testing.T) {
	t.Parallel()
	var l failures.List[string]
	fine := failures.Mark{Class: failures.Worked, Counts: true, What: 7}
	for range 5 {
		l.Add(fine, "")
	}
	l.Add(failures.Mark{Class: failures.Step, Counts: true, What: 1}, "first")
	l.Add(fine, "")
	l.Add(failures.Mark{Class: failures.Part, What: 2}, "poll")
	l.Add(failures.Mark{Class: failures.Step, Counts: true, What: 1}, "second")
	for range 10 {
		l.Add(fine, "")
	}
	for shownNewest, want := range map[int]int{4: 7, 10: 1, 11: 0, 99: 0} {
		lines, missing := l.Outlived(func(string) bool { return false }, func(string) int { return shownNewest })
		if !slices.Equal(lines, []string{"first", "poll", "second"}) || missing != want {
			t.Errorf("with %d shown: %v, %d missing, want %d", shownNewest, lines, missing, want)
		}
	}
	if lines, missing := l.Outlived(func(string) bool { return true }, nil); lines != nil || missing != 0 {
		t.Errorf("all are shown: %v, %d", lines, missing)
	}
}
