package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"time"
)

// requestTimeout is after how long a customer gives up waiting for a page.
const requestTimeout = 10 * time.Second

// Customers are simulated people who browse the shop over HTTP, each with a browser's cookies: they
// log in, look around, fill the cart, mistype their card, follow broken links, and log out.
type Customers struct {
	// BaseURL is where the shop is, such as http://127.0.0.1:8080.
	BaseURL string
	// Count is how many there are: ada, grace, linus, margaret, ken, and so on. With 0 there is
	// nobody to wait for: Run returns at once.
	Count int
	// Pace returns how long a customer waits before the next request. Nil is 1 to 6 seconds.
	Pace func(*rand.Rand) time.Duration
	// Seed makes the customers' choices repeatable. 0 is different at each run.
	Seed uint64
	// Transport sends the requests. Nil is a new one that goes to the shop directly, never by way
	// of a proxy, and is closed at the end.
	Transport http.RoundTripper
}

// Run lets the customers browse until ctx is done, and then returns nil when all of them have
// stopped, which is at once. A shop that is not up yet, or that goes away, is tried again at the
// same pace. An error means that a field of c is wrong, and that nobody has set out.
func (c Customers) Run(ctx context.Context) error {
	base, err := c.baseURL()
	if err != nil {
		return err
	}
	if c.Count < 0 || c.Count > maxCustomers() {
		return fmt.Errorf("%d customers: there can be 0 to %d", c.Count, maxCustomers())
	}
	if c.Pace == nil {
		c.Pace = humanPace
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	if c.Transport == nil {
		transport := &http.Transport{MaxIdleConnsPerHost: c.Count}
		defer transport.CloseIdleConnections()
		c.Transport = transport
	}
	customers := make([]*customer, c.Count)
	for i := range customers {
		if customers[i], err = c.customer(base, i); err != nil {
			return err
		}
	}
	var all sync.WaitGroup
	for _, customer := range customers {
		all.Go(func() { customer.browse(ctx) })
	}
	all.Wait()
	return nil
}

// baseURL parses BaseURL.
func (c Customers) baseURL() (*url.URL, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("the shop's address: %w", err)
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("the shop's address %q: use one such as http://127.0.0.1:8080", c.BaseURL)
	}
	return base, nil
}

// customer returns the i-th customer, who has not visited the shop yet.
func (c Customers) customer(base *url.URL, i int) (*customer, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("cookies of a customer: %w", err)
	}
	return &customer{
		name:   CustomerName(i),
		agent:  agents()[i%len(agents())],
		base:   base,
		client: &http.Client{Transport: c.Transport, Jar: jar, Timeout: requestTimeout},
		rand:   rand.New(rand.NewPCG(c.Seed, uint64(i))),
		pace:   c.Pace,
	}, nil
}

// agents are browsers of customers, as they call themselves.
func agents() []string {
	return []string{
		"Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:126.0) Gecko/20100101 Firefox/126.0",
	}
}

// humanPace is how long a person looks at a page: 1 to 6 seconds.
func humanPace(r *rand.Rand) time.Duration {
	return time.Second + time.Duration(r.Int64N(int64(5*time.Second)))
}
