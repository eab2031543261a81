package e2e

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"

	"github.com/gin-userlog/userlog/store"
)

// TestLiveLogStaysQuick leaves a live page open under 20 requests a second, and prints what becomes
// of it: for some seconds, or in "make soak" for ten minutes. Only then is it judged by its memory, and by how quickly the
// page answers, which are figures of the machine too. Its rows and elements are counted always.
//
// It runs by itself: tabs may share a process, and one in which others look for faults can't keep up.
func TestLiveLogStaysQuick(t *testing.T) {
	const (
		rows  = 500 // that the table keeps
		quick = 100 * time.Millisecond
	)
	soak := os.Getenv("USERLOG_SOAK") == "1"
	rate, lasts := 50, 4*time.Second // as many requests as in ten seconds at the other rate
	if soak {
		rate, lasts = 20, 10*time.Minute
	}
	site, logs := shareSite(t)
	b := site.enter(t)
	record(logs, "lola", "/first")
	b.visit("/live?username=lola")
	b.isConnected("live")
	for n := range rows {
		record(logs, "lola", fmt.Sprintf("/%d", n))
	}
	b.hasURL("/499")
	b.hasRows(rows)
	before, elements := b.heap(), b.elements()

	stop := recordSteadily(t, logs, "lola", rate)
	most := 0
	var answers []time.Duration
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		asked := time.Now()
		most = max(most, evaluate[int](b, "document.querySelectorAll('#rows > tr').length"))
		answers = append(answers, time.Since(asked))
	}
	recorded := stop()
	b.hasURL(fmt.Sprintf("/steady/%d", recorded-1))
	b.hasRows(rows)
	after, grown := b.heap(), b.elements()-elements

	slices.Sort(answers)
	median, late, slowest := answers[len(answers)/2], answers[len(answers)*99/100], answers[len(answers)-1]
	if most > rows {
		t.Errorf("the table grew to %d rows", most)
	}
	if grown > elements/100 {
		t.Errorf("a full table of %d elements grew by %d", elements, grown)
	}
	if soak && after > before*5/4 {
		t.Errorf("the page's memory grew by more than a quarter, from %d to %d KiB", before>>10, after>>10)
	}
	if soak && late > quick {
		t.Errorf("the page took %v to answer", late)
	}
	t.Logf("live page, %v at %d requests/s: %d requests, at most %d rows; heap %d KiB with a full table, %d KiB at the end; answers p50 %v, p99 %v, max %v of %d",
		lasts, rate, recorded, most, before>>10, after>>10, median, late, slowest, len(answers))
}

// recordSteadily records requests of a user, so many a second, until stop is called, which returns
// how many. Their paths are /steady/0, /steady/1 and so on.
func recordSteadily(t *testing.T, logs *store.Store, username string, rate int) (stop func() int) {
	t.Helper()
	ended := make(chan struct{})
	recorded := 0
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for ; ; recorded++ {
			select {
			case <-ended:
				return
			case <-tick.C:
				record(logs, username, fmt.Sprintf("/steady/%d", recorded))
			}
		}
	})
	stop = sync.OnceValue(func() int {
		close(ended)
		running.Wait()
		return recorded
	})
	t.Cleanup(func() { stop() })
	return stop
}

// hasURL waits until the newest row of the log has this URL.
func (b *tab) hasURL(url string) {
	b.t.Helper()
	b.eventually("the newest URL is "+url, fmt.Sprintf("document.querySelector('#rows > tr[data-id] > td.url > code').textContent === %s", quote(url)))
}

// elements is how many elements the page has.
func (b *tab) elements() int {
	b.t.Helper()
	return evaluate[int](b, "document.querySelectorAll('*').length")
}

// heap is what the page's JavaScript holds, in bytes, without garbage.
func (b *tab) heap() int64 {
	b.t.Helper()
	call(b, heapprofiler.CollectGarbage, cdp.Empty{})
	used := call(b, runtime.GetHeapUsage, cdp.Empty{})
	return int64(used.UsedSize + used.EmbedderHeapUsedSize)
}
