package upgrade

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

const (
	customer = "ada"
	anywhere = "127.0.0.1:0" // a port that is free
)

// browser keeps cookies and follows redirects, as browsers do.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return &browser{t: t, client: &http.Client{Jar: jar}}
}

// page is what came back at the end of all redirects.
type page struct {
	path   string
	status int
	text   string
}

func (b *browser) get(address string) page {
	b.t.Helper()
	res, err := b.client.Get(address)
	return b.read(res, err)
}

func (b *browser) send(address string, form url.Values) page {
	b.t.Helper()
	res, err := b.client.PostForm(address, form)
	return b.read(res, err)
}

func (b *browser) read(res *http.Response, err error) page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{res.Request.URL.Path, res.StatusCode, string(text)}
}

// shopAround logs in to the shop as the customer and does what customers do, with what fails among it.
func (b *browser) shopAround(shop string) {
	b.t.Helper()
	b.send(shop+"/login", url.Values{"username": {customer}})
	b.get(shop + "/products/duck")
	b.get(shop + "/search?q=d%C3%BCck")
	b.send(shop+"/cart", url.Values{"product": {"duck"}})
	b.get(shop + "/checkout")
	b.send(shop+"/checkout", url.Values{"name": {"Ada"}, "card": {"4111 1111 1111 1112"}, "expiry": {"01/20"}})
	b.get(shop + "/missing")
}

// logIn opens an admin as the superuser.
func (b *browser) logIn(origin string) {
	b.t.Helper()
	if p := b.send(origin+"/userlog/login", url.Values{"username": {superuser}, "password": {password}}); p.path != "/userlog/" {
		b.t.Fatalf("the login leads to %s with %d", p.path, p.status)
	}
}

// Each version shows what the other has recorded, entry by entry, in a terminal and on a page.
func TestEachReadsWhatTheOtherRecords(t *testing.T) {
	for _, pair := range [][2]version{{versions.old, versions.current}, {versions.current, versions.old}} {
		records, reads := pair[0], pair[1]
		t.Run(records.name+" records", func(t *testing.T) {
			redis := redistest.Start(t)
			shop := records.shop(t, redis)
			newBrowser(t).shopAround(shop.origin())
			admin := reads.serve(t, redis, anywhere)
			own, others := records.follow(t, redis, customer), reads.follow(t, redis, customer)
			redistest.Eventually(t, "both print the last request", func() bool { return ends(own.entries()) && ends(others.entries()) })
			if wrote, read := own.entries(), others.entries(); !slices.Equal(wrote, read) {
				t.Errorf("%s prints %+v, and %s %+v", records.name, wrote, reads.name, read)
			}
			agent := newBrowser(t)
			agent.logIn(admin.origin())
			log := agent.get(admin.origin() + "/userlog/static?username=" + customer)
			for _, shown := range []string{"/products/duck", "/missing", "(404)", "(422)"} {
				if log.status != http.StatusOK || !strings.Contains(log.text, shown) {
					t.Errorf("the page of %s, with %d, does not show %q", reads.name, log.status, shown)
				}
			}
			if found := agent.get(admin.origin() + "/userlog/?q=ad"); !strings.Contains(found.text, customer) {
				t.Errorf("the search of %s does not find the customer", reads.name)
			}
		})
	}
}

func ends(entries []line) bool {
	return slices.ContainsFunc(entries, func(l line) bool { return l.Path == "/missing" })
}

// While the customer goes on, the program that she shops with, and the admin, are replaced by another version, one after the other. Nothing is
// lost or shown twice, who is logged in stays so, and both find the audit log whole.
func TestOneTakesTheOthersPlace(t *testing.T) {
	for _, pair := range [][2]version{{versions.old, versions.current}, {versions.current, versions.old}} {
		before, after := pair[0], pair[1]
		t.Run(before.name+" goes", func(t *testing.T) {
			redis := redistest.Start(t)
			shop := before.shop(t, redis)
			watching := []*program{before.follow(t, redis, customer), after.follow(t, redis, customer)}
			made := buy(t, shop, "before", 50)
			admin := before.serve(t, redis, anywhere)
			agent := newBrowser(t)
			agent.logIn(admin.origin())
			agent.get(admin.origin() + "/userlog/static?username=" + customer)

			admin.stop()
			next := after.serve(t, redis, strings.TrimPrefix(admin.origin(), "http://"))
			if p := agent.get(next.origin() + "/userlog/static?username=" + customer); p.path != "/userlog/static" {
				t.Errorf("with %s she is led to %s", after.name, p.path)
			}
			made += buy(t, shop, "between", 50)
			successor := after.shop(t, redis)
			made += buy(t, successor, "beside", 50)
			shop.stop()
			made += buy(t, successor, "after", 50)

			for _, tail := range watching {
				redistest.Eventually(t, fmt.Sprintf("all %d requests are printed", made), func() bool { return len(searches(tail)) >= made })
				seen := searches(tail)
				if slices.Sort(seen); len(slices.Compact(seen)) != made {
					t.Errorf("%d requests were made, and %s prints %d", made, tail.cmd.Args[0], len(seen))
				}
			}
			for _, v := range []version{before, after} {
				if output, err := exec.Command(v.program, "audit", "verify", "--redis", redis.URL).CombinedOutput(); err != nil {
					t.Errorf("%s verifies the audit log: %v: %s", v.name, err, output)
				}
			}
		})
	}
}

// buy makes searches in the shop, each with a word of its own, and says how many.
func buy(t *testing.T, shop *program, word string, n int) int {
	t.Helper()
	b := newBrowser(t)
	b.send(shop.origin()+"/login", url.Values{"username": {customer}})
	for i := range n {
		if p := b.get(fmt.Sprintf("%s/search?q=%s-%d", shop.origin(), word, i)); p.status != http.StatusOK {
			t.Fatalf("the shop answers %d", p.status)
		}
	}
	return n
}

// searches are the ids of the searches that a tail has printed.
func searches(tail *program) []string {
	var all []string
	for _, l := range tail.entries() {
		if strings.HasPrefix(l.Path, "/search") {
			all = append(all, l.ID)
		}
	}
	return all
}
