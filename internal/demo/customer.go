package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxPage is how much of a page a customer reads, in bytes.
const maxPage = 256 << 10

// customer is one simulated person. It belongs to the goroutine that runs browse.
type customer struct {
	name   string
	agent  string // what the browser calls itself
	base   *url.URL
	client *http.Client
	rand   *rand.Rand
	pace   func(*rand.Rand) time.Duration

	at place // the page in front of them
}

// browse makes one request after another until ctx is done. The first one is made at once, so that there is soon something to see.
func (c *customer) browse(ctx context.Context) {
	for there := ctx.Err() == nil; there; there = c.wait(ctx) {
		at, err := c.take(ctx, c.next())
		if err != nil {
			at = nowhere // the shop is away: begin again, at the same pace
		}
		c.at = at
	}
}

// wait looks at the page for a while; it returns false when ctx is done.
func (c *customer) wait(ctx context.Context) bool {
	timer := time.NewTimer(c.pace(c.rand))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// next chooses what to do on the page in front of them.
func (c *customer) next() step {
	choices := c.at.choices()
	sum := 0
	for _, choice := range choices {
		sum += choice.weight
	}
	pick, i := c.rand.IntN(sum), 0
	for pick >= choices[i].weight {
		pick -= choices[i].weight
		i++
	}
	return choices[i].step
}

// take makes the request of one step, with the redirects that follow, and returns where it led.
func (c *customer) take(ctx context.Context, s step) (place, error) {
	target, form := c.request(s)
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.ResolveReference(target).String(), strings.NewReader(body))
	if err != nil {
		return nowhere, fmt.Errorf("browse: %w", err)
	}
	// These are the headers of a browser that opens a page: else nobody could tell that from what a script fetches.
	req.Header.Set("Accept", "text/html,application/xhtml+xml")
	req.Header.Set("Sec-Fetch-Dest", "document")
	req.Header.Set("User-Agent", c.agent)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nowhere, fmt.Errorf("browse: %w", err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	if err != nil {
		return nowhere, fmt.Errorf("browse: %w", err)
	}
	return placeOf(res.Request.URL.Path, page), nil
}

// placeOf recognises a page as a person does: by its address, and by whether it offers to log out.
// So a customer whom the shop has forgotten notices at the next page, and logs in again.
func placeOf(path string, page []byte) place {
	switch {
	case path == "/login":
		return atLogin
	case !bytes.Contains(page, []byte(`action="/logout"`)):
		return nowhere
	case strings.HasPrefix(path, "/products/"):
		return atProduct
	case path == "/cart" && bytes.Contains(page, []byte(`href="/checkout"`)):
		return atCart
	case path == "/checkout":
		return atCheckout
	case strings.HasPrefix(path, "/orders/"):
		return atOrder
	}
	return elsewhere
}
