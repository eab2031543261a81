package demo

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hurried is the pace of customers in tests.
func hurried(*rand.Rand) time.Duration { return 0 }

// recorder is a transport that notes each request of the customers with its status.
type recorder struct {
	http.Transport
	mu     sync.Mutex
	lines  []string
	unlike []string           // requests that a browser would have made otherwise
	after  int                // stop after so many requests,
	stop   context.CancelFunc // by this
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == r.after {
		r.stop()
		return res, nil
	}
	if req.Header.Get("Sec-Fetch-Dest") != "document" {
		r.unlike = append(r.unlike, req.Method+" "+req.URL.Path)
	}
	r.lines = append(r.lines, strconv.Itoa(res.StatusCode)+" "+req.Method+" "+req.URL.Path)
	return res, nil
}

// watch lets customers make a number of requests to a shop, and returns them.
func watch(t *testing.T, customers Customers, requests int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := &recorder{after: requests, stop: cancel}
	defer r.CloseIdleConnections()
	customers.Transport, customers.Pace = r, hurried
	if err := customers.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if len(r.unlike) > 0 { // the log would not show what people do, but what a script fetches
		t.Errorf("not asked for as pages: %q", r.unlike)
	}
	if len(r.lines) < requests {
		t.Fatalf("%d requests in a minute, want %d", len(r.lines), requests)
	}
	return r.lines
}

func TestCustomerDoesWhatThereIsToDo(t *testing.T) {
	shop := serveShop(t)
	lines := watch(t, Customers{BaseURL: shop.URL, Count: 1, Seed: 1}, 400)
	if want := []string{"200 GET /login", "303 POST /login", "200 GET /"}; !slices.Equal(lines[:3], want) {
		t.Errorf("begins with %q, want %q", lines[:3], want)
	}
	seen := make(map[string]bool)
	for _, line := range lines {
		seen[line] = true
	}
	for _, want := range []string{
		"200 GET /search", "303 POST /cart", "200 GET /cart", "200 GET /checkout", "422 POST /checkout",
		"303 POST /checkout", "404 GET /missing", "500 GET /invoice", "200 GET /account/reset",
		"200 GET /help", "303 POST /logout",
	} {
		if !seen[want] {
			t.Errorf("never: %s", want)
		}
	}
	if t.Failed() {
		t.Logf("seen: %q", slices.Sorted(maps.Keys(seen)))
	}
}

func TestSeedRepeatsTheWalk(t *testing.T) {
	shop := serveShop(t)
	// The order of the steps repeats; ids of orders are random.
	walk := func(seed uint64) (statuses []string) {
		for _, line := range watch(t, Customers{BaseURL: shop.URL, Count: 1, Seed: seed}, 100) {
			statuses = append(statuses, line[:8])
		}
		return statuses
	}
	one := walk(7)
	if again := walk(7); !slices.Equal(one, again) {
		t.Errorf("the same seed, another walk:\n%q\n%q", one, again)
	}
	if other := walk(8); slices.Equal(one, other) {
		t.Error("another seed, the same walk")
	}
}

func TestCustomersAreThemselves(t *testing.T) {
	shop := serveShop(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	customers := Customers{BaseURL: shop.URL, Count: 3, Transport: transport, Pace: hurried}
	ended := make(chan error)
	go func() { ended <- customers.Run(ctx) }()
	seen := map[string]bool{"": true} // before they log in
	for len(seen) <= customers.Count && ctx.Err() == nil {
		select {
		case username := <-shop.usernames:
			seen[username] = true
		case <-ctx.Done():
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{"", "ada", "grace", "linus"}) {
		t.Errorf("customers: %q", got)
	}
}

func TestCustomersComeBackWhenTheShopDoes(t *testing.T) {
	shop := serveShop(t)
	// away answers as a shop that is not there: the connection breaks.
	var requests atomic.Int32
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if n := requests.Add(1); n <= 3 || n > 10 && n <= 13 {
			panic(http.ErrAbortHandler)
		}
		shop.Config.Handler.ServeHTTP(w, req)
	}))
	t.Cleanup(gate.Close)
	lines := watch(t, Customers{BaseURL: gate.URL, Count: 1, Seed: 2}, 20)
	if lines[0] != "200 GET /login" || lines[7] != "200 GET /login" {
		t.Errorf("did not begin again: %q", lines)
	}
}

func TestCustomerWhoIsForgottenLogsInAgain(t *testing.T) {
	page := []byte("<a href='/login'>Log in</a>")
	if at := placeOf("/products/duck", page); at != nowhere {
		t.Errorf("a page without logout: at %v, want nowhere", at)
	}
}

// patient is a customer's pace for whoever is to make one request only.
func patient(*rand.Rand) time.Duration { return time.Hour }

func TestCustomersSetOutAtOnce(t *testing.T) {
	asked := make(chan string)
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer shop.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	var browsing sync.WaitGroup
	defer browsing.Wait()
	defer cancel()
	browsing.Go(func() { _ = Customers{BaseURL: shop.URL, Count: 1, Pace: patient}.Run(ctx) })
	select {
	case <-asked:
	case <-ctx.Done():
		t.Error("the customer looks at a page, before there is one")
	}
}

func TestCustomersStopAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	waiting := make(chan struct{}, 2)
	go func() {
		pace := func(*rand.Rand) time.Duration {
			waiting <- struct{}{}
			return time.Hour
		}
		done <- Customers{BaseURL: "http://127.0.0.1:1", Count: 2, Pace: pace}.Run(ctx)
	}()
	<-waiting
	<-waiting
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("still waiting after 10 s")
	}
}

func TestCustomersRefuseWrongFields(t *testing.T) {
	for _, c := range []Customers{
		{BaseURL: ""},
		{BaseURL: "127.0.0.1:8080"},
		{BaseURL: "ftp://host"},
		{BaseURL: "http://"},
		{BaseURL: "http://host", Count: -1},
		{BaseURL: "http://host", Count: maxCustomers() + 1},
	} {
		if err := c.Run(t.Context()); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if err := (Customers{BaseURL: "http://host"}).Run(t.Context()); err != nil {
		t.Errorf("nobody: %v", err)
	}
}

func TestHumanPace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		if pause := humanPace(r); pause < time.Second || pause > 6*time.Second {
			t.Fatalf("a pause of %v", pause)
		}
	}
}

func TestNames(t *testing.T) {
	shop, err := NewShop()
	if err != nil {
		t.Fatal(err)
	}
	exists := func(name string) bool {
		ok, err := shop.Exists(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	seen := make(map[string]bool)
	for i := range maxCustomers() {
		name := CustomerName(i)
		if seen[name] || !exists(name) {
			t.Fatalf("customer %d, %q: seen before %v, exists %v", i, name, seen[name], exists(name))
		}
		seen[name] = true
	}
	for _, name := range []string{"", "eve", "Ada", "ada1", "ada02", "ada0", "ada1001", "ada99999999999999999999", "2", "ada 2", "ada²"} {
		if exists(name) {
			t.Errorf("%q exists", name)
		}
	}
}
