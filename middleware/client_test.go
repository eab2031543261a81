package middleware

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestClientsAreToldInAFewWords(t *testing.T) {
	const like = "(KHTML, like Gecko)"
	for _, test := range []struct{ want, agent, brands string }{
		{"Firefox, Android, phone", "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0", ""},
		{"Firefox, Android, tablet", "Mozilla/5.0 (Android 14; Tablet; rv:126.0) Gecko/126.0 Firefox/126.0", ""},
		{"Firefox, macOS, computer", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:126.0) Gecko/20100101 Firefox/126.0", ""},
		{"Firefox, iOS, phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 " + like + " FxiOS/126.0 Mobile/15E148 Safari/605.1.15", ""},
		{"Firefox, Linux, computer", "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", ""},
		{"Chrome, Android, phone", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Mobile Safari/537.36", `"Google Chrome";v="125", "Chromium";v="125", "Not.A/Brand";v="24"`},
		{"Chrome, Android, tablet", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36", ""},
		{"Chrome, Windows, computer", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36", `"Chromium";v="125"`},
		{"Chrome, ChromeOS, computer", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36", ""},
		{"Chrome, iOS, phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 " + like + " CriOS/125.0 Mobile/15E148 Safari/604.1", ""},
		{"Brave, Windows, computer", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36", `"Brave";v="125", "Chromium";v="125", "Not.A/Brand";v="24"`},
		{"Edge, Windows, computer", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0", `"Microsoft Edge";v="125", "Chromium";v="125"`},
		{"Edge, Windows, computer", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0", ""},
		{"Opera, Windows, computer", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + " Chrome/125.0.0.0 Safari/537.36 OPR/110.0", ""},
		{"Samsung Internet, Android, phone", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 " + like + " SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", ""},
		{"Safari, iOS, phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 " + like + " Version/17.4 Mobile/15E148 Safari/604.1", ""},
		{"Safari, iPadOS, tablet", "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 " + like + " Version/17.4 Mobile/15E148 Safari/604.1", ""},
		{"Safari, macOS, computer", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 " + like + " Version/17.4 Safari/605.1.15", ""},
		{"app, iOS, phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 " + like + " Mobile/15E148", ""},
		{"Instagram, iOS, phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 " + like + " Mobile/15E148 Instagram 330.0.0.27.92 (iPhone13,2)", ""},
		{"app, Android, phone", "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 " + like + " Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36", `"Android WebView";v="125"`},
		{"app", "okhttp/4.12.0", ""},
		{"Internet Explorer, Windows, computer", "Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", ""},
		{"browser, Linux, computer", "Mozilla/5.0 (X11; Linux x86_64) Unheard/1", ""},
		{"Samsung Internet, Tizen, TV", "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 " + like + " SamsungBrowser/4.0 Chrome/76.0.3809.146 TV Safari/537.36", ""},
		{"program", "curl/8.5.0", ""},
		{"program", "<script>alert(1)</script>", ""},
		{"", "AppleCoreMedia/1.0.0.21E219 (iPhone; U; CPU OS 17_4 like Mac OS X; en_us)", ""},
		{"", "", `"Brave";v="125"`},
	} {
		h := http.Header{}
		if test.agent != "" {
			h.Set("User-Agent", test.agent)
		}
		if test.brands != "" {
			h.Set("Sec-Ch-Ua", test.brands)
		}
		c := newClients()
		for range 2 { // judged, and found
			if got := c.of(h); got != test.want {
				t.Errorf("%s %s is %q, want %q", test.agent, test.brands, got, test.want)
			}
		}
		if got := (*clients)(nil).of(h); got != "" {
			t.Errorf("where nobody wants to know: %q", got)
		}
	}
}

// Whatever a client sends, it comes out as words of ours, costs no memory for long, and a client that is known costs none.
func TestHostileClients(t *testing.T) {
	c, h := newClients(), http.Header{}
	for n := range 10_000 {
		h.Set("User-Agent", fmt.Sprintf("%d %s", n, strings.Repeat("\"><script>Firefox/\x00\r\n", 400))[:8<<10])
		h.Set("Sec-Ch-Ua", strings.Repeat(fmt.Sprint(n), 8<<10)[:8<<10])
		if got := c.of(h); got != "Firefox" && got != "program" {
			t.Fatalf("it comes out as %q", got)
		}
	}
	bytes := 0
	for i := range c.slots {
		if known := c.slots[i].Load(); known != nil {
			bytes += len(known.agent) + len(known.brands)
		}
	}
	if bytes > clientSlots*(maxAgent+maxBrands) {
		t.Errorf("%d bytes are remembered", bytes)
	}
	if allocated := testing.AllocsPerRun(100, func() { c.of(h) }); allocated > 0 {
		t.Errorf("a client that is known costs %v allocations", allocated)
	}
}

// FuzzClientWords looks for headers that come out as anything but words of the lists.
func FuzzClientWords(f *testing.F) {
	f.Add("Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0", `"Brave";v="125"`)
	words := map[string]bool{"": true, "program": true, "browser": true, "app": true, "TV": true, "tablet": true, "phone": true, "computer": true}
	for _, marks := range [][]mark{clientApps(), clientBrands(), clientFamilies(), clientSystems()} {
		for _, m := range marks {
			words[m.word] = true
		}
	}
	f.Fuzz(func(t *testing.T, agent, brands string) {
		for word := range strings.SplitSeq(clientWords(agent, brands), ", ") {
			if !words[word] {
				t.Errorf("%q, %q: %q", agent, brands, word)
			}
		}
	})
}
