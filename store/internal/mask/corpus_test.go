package mask

import (
	"strings"
	"testing"
)

// secretPaths are requests with something that must not be recorded; it stands between « and ».
var secretPaths = []string{
	// Under the name of a secret.
	"/login?password=«hunter2»", "/oauth/callback?code=«4/0AX4XfWh»&state=xyz", "/?user%5Bpin%5D=«1234»", "/?newPassword=«hunter2»",
	"/api?api_key=«abc»", "/api?X-Amz-Signature=«ab12»&X-Amz-Expires=300", "/a;jsessionid=«1A2B»?x=1", "/?csrf_token=«a»",
	// Inside a value.
	`/?data={"user":"ada","password":"«hunter2»"}`, "/?data=%7B%22pin%22%3A%22«4821»%22%7D", `/?q={'token':+'«abc»'}`, "/?data=%257B%2522secret%2522%253A1«23»%257D",
	"/?q=password:«hunter2»", "/?q=password%3D«hunter2»", "/?filter=apikey:«abc»,page:2", "/?next=/reset%3Ftoken%3D«abc»", "/?next=%2Fconfirm%2F«h4k2j9»",
	`/?{"password":"«a=b»"}`, "/search/password:«hunter2»", "/?q=my+password:+«hunter2»+does+not+work",
	"/?next=https%3A%2F%2Fshop.example%2Fpassword%2Freset%2F«k3j4h5»",
	// Credentials in an address.
	"/?url=https://bob:«hunter2»@host.example/x", "/?dsn=postgres%3A%2F%2Fbob%3A«hunter2»%40db%2Fshop", "/proxy/https://bob:«hunter2»@host.example/x",
	"/proxy/https%3A%2F%2Fbob%3A«hunter2»%40host.example", "/?url=//bob:«pw»@host",
	// Values of headers.
	"/?auth_header=Bearer%20«abc123»", "/?h=Bearer+«a1b2c3»", "/?h=Basic%20«Ym9iOmh1bnRlcjI=»", "/?q=curl+-H+'Authorization:+bearer+«x7Gt29»'",
	// Keys of services.
	"/?k=«AKIAIOSFODNN7EXAMPLE»", "/?k=«ASIAY34FZKBOKMUTVV7A»", "/debug/«sk_live_4eC39HqLyjWD»", "/?k=«sk_test_51H8xYz»", "/?k=«pk_live_51H8xYz»",
	"/?q=«sk-proj-Ab3dEf6hIj9kLm2n»", "/?q=«sk-abcDEF123ghiJKL456»", "/repos/«ghp_16C7e42F292c6912E7»/x", "/?t=«gho_16C7e42F29»", "/?t=«ghs_16C7e42F29»",
	"/?t=«github_pat_11ABCDEFG0»", "/?t=«glpat-x8s9K2jd»", "/?t=«xoxb-17653672481-19874698323»", "/?t=«xoxp-2048-a1b2c3»", "/?t=«npm_a1B2c3D4e5F6g7H8i9»",
	"/?t=«AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe»", "/?t=«SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf»", "/?t=«ya29.a0AfH6SMBx-9Kd7s»", "/?x=the+key+is+«ghp_16C7e42F29»",
	"/?cert=«-----BEGIN+RSA+PRIVATE+KEY-----»", "/?cert=«-----BEGIN%20PRIVATE%20KEY-----%0AMIIE»", "/?t=«eyJhbGciOiJIUzI1NiJ9»", "/x/«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»",
	// After a segment that announces it.
	"/reset/«hunter2»", "/password/reset/«xK9mQ2»", "/reset-password/«a1b2c3d4»", "/otp/«482913»", "/verify/«482913»/done", "/verify-email/«kfjwqzxv»", "/token/«hunter2»",
	"/confirm/«XKQPZT»", "/account/confirmEmail/«9fK2»", "/activate/«MjA:1hK3:xyz»", "/invite/«WELCOME»", "/magic-link/«q8zt3»", "/magic/«qzxvkj»", "/unsubscribe/«ada@shop.example»",
	"/unsubscribe/«f81d4»?x=1", "/reset/«3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c»", "/accounts/reset/MQ/«c5k2u7-8f7a0c3d5e6f708192a3b4c5d6e7f809»/", "/recover//«a1b2c3»",
	"/reset%2F«hunter2»", "/invitations/«7Yh2k»/accept", "/two-factor/recovery/«8821-4471»",
	// Random, wherever it stands.
	"/s/«q8Zt3VfKx1Lm9YpR2sWd7H»", "/download/«9f86d081884c7d659a2feaa0c55ad015»", "/?cart=«vKZ3MYQ5T2RWJX7PLHND4SBF6C»", "/?x=«k3j4h5g6f7d8s9a0q1w2e3r4»",
	"/share/summer-«q8Zt3VfKx1Lm9YpR2sWd7H»-photos", "/?x=«3q2+7w/A9ZkTn5yL1vXbRg==»", "/?«q8Zt3VfKx1Lm9YpR2sWd7H»==", "/files/«9f86d081884c7d659a2feaa0c55ad015».pdf",
	"/?x=«kjhwqzpxvbnmtrgfcdswlkjq»",
	// What can't be read.
	"/?x=%25252525252525252525«hunter2»",
}

// missedPaths are known to be recorded as they are: a secret that reads like a word or is too short
// to be told from a number or a name, without a name that says so.
var missedPaths = []string{
	"/reset/«correcthorse»", "/otp/«123»", "/?q=«hunter2»", "/gift/«XKQPZT»", "/s/«a8Kd9s»", "/card/«4111111111111111»", "/?x=Bearer+«opensesame»",
	"/reset/mail/«a1b2c3»", "/?x=«correct-horse-battery-staple»",
}

// harmlessPaths must be recorded as they are.
var harmlessPaths = []string{
	"/", "/orders/7", "/orders/1234567/items/89", "/orders/3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c", "/users/user-3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c/edit",
	"/?id=3F2B8C1E-7D4A-4B6F-9A1C-2E5D8F7A6B3C&page=2", "/12345678901234567890123456",
	// Words after a segment that announces a secret.
	"/reset/password", "/verify/email", "/token/refresh", "/oauth/token", "/password/forgot", "/password/new", "/confirm/order", "/invite/team-members",
	"/reset/done", "/activate/account", "/verify/phone-number", "/verify/phoneNumber", "/api/v2/tokens/refresh", "/invitations/pending", "/confirmation/thank-you",
	"/unsubscribe/newsletter", "/magic/the-gathering", "/auth/otp/send", "/recovery/codes", "/invite/friends/facebook", "/verify/2fa", "/token/v1",
	"/password/zurücksetzen", "/verify/%C3%A9tudiant", "/reset/",
	// Static files.
	"/static/app.3f9e8c21a7b64d5f9e0c1b2a3d4e5f60.js", "/assets/application-9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015.css",
	"/assets/index-BfK3xQ2z.js", "/_next/static/chunks/4bd1b696-9909f507f95988b8.js", "/img/logo.9f86d081884c7d659a2feaa0c55ad015.svg", "/fonts/inter-latin-wght-normal.woff2",
	"/static/js/2.8e2c4f5b.chunk.js.map", "/media/1024x768-2x-300x250.webp",
	// Slugs, names, and words of several languages.
	"/blog/2026/11/23/how-we-made-our-checkout-20-percent-faster", "/wiki/Donaudampfschifffahrtsgesellschaftskapitaen", "/p/iphone-15-pro-max-256gb-natural-titanium",
	"/produkt/herren-winterjacke-wasserdicht-mit-kapuze", "/articles/le-gouvernement-annonce-de-nouvelles-mesures", "/api/getUserNotificationPreferences", "/docs/XMLHttpRequestEventTarget",
	"/?sort=lastSuccessfulPaymentDate&dir=desc", "/?utm_source=newsletter&utm_campaign=black-friday-2026-early-access", "/?q=a+very+long+search+for+waterproof+hiking+boots",
	"/wiki/Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "/produkty/samochody-osobowe-uzywane-warszawa", "/shop/usb-c-to-hdmi-adapter-4k-60hz-thunderbolt-3",
	"/?q=sk-learn+tutorial", "/npm_install_instructions_for_beginners", "/locale/sk-bratislava-hotels-and-apartments", "/region/ASIA-PACIFIC-conference",
	"/?email=ada@shop.example", "/@ada/posts", "/?url=https://shop.example/orders/7?page=2", "/?git=ssh://git@github.com/ada/shop", "/?to=mailto:ada@shop.example",
	"/?q=bearer+of+bad+news", "/?q=basic+english+course", "/?sort=key:asc", "/?q=code:404", "/?at=2026-11-23T10:15:00Z", "/?bbox=52.5200066,13.4049540,52.6,13.5",
	"/?zip_code=10115&sort-key=name&promoCode=SUMMER&monkey=1&keyword=x", "/?ids=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", `/?filter={"status":"open","page":2}`,
	"/?iban_country=DE&isbn=978-3-16-148410-0", "/?q=50%25+off", "/?x=%zz", "/?cart=1&qty=2;x", "/?redirect=/orders/7?page=2", "/events/2026-11-23-1830-berlin-golang-meetup",
	"/?colors=ff00aa,00ff00,aabbcc,112233", "/tracking/1Z999AA10123456784", "/board/abc-d4-e5-f6/rev-2", "/?v=1.27.4-rc.1+build.20261123", "/search?q=%F0%9F%99%82",
	"/?fields=id,name,createdAt,updatedAt,lastLoginAt,emailVerifiedAt", "/embed/dQw4w9WgXcQ", "/?sku=SKU-A12-B34-C56", "/chess/e2e4-e7e5-g1f3",
}

// TestMaskOnRealisticPaths tells what share of secrets is missed and of harmless paths is masked.
func TestMaskOnRealisticPaths(t *testing.T) {
	m := New(nil, nil)
	missed := func(marked string) bool {
		before, rest, _ := strings.Cut(marked, "«")
		secret, after, found := strings.Cut(rest, "»")
		if !found {
			t.Fatalf("%s has no secret in it", marked)
		}
		got := m.Path(before + secret + after)
		if strings.Contains(got, secret) {
			return true
		}
		if again := m.Path(got); again != got {
			t.Errorf("masking %s again makes it %s", got, again)
		}
		return false
	}
	misses := 0
	for _, marked := range secretPaths {
		if missed(marked) {
			misses++
			t.Errorf("missed: %s", marked)
		}
	}
	for _, marked := range missedPaths {
		if !missed(marked) {
			t.Errorf("no longer missed: %s", marked)
		}
	}
	wrong := 0
	for _, path := range harmlessPaths {
		if got := m.Path(path); got != path {
			wrong++
			t.Errorf("masked: %s became %s", path, got)
		}
	}
	t.Logf("missed %d of %d secrets, besides %d that are known to be; masked %d of %d harmless paths",
		misses, len(secretPaths), len(missedPaths), wrong, len(harmlessPaths))
}

// BenchmarkMask masks what sites are mostly asked for.
func BenchmarkMask(b *testing.B) {
	for _, c := range []struct{ name, path string }{
		{"id", "/orders/12345"},
		{"page", "/products/hiking-boots?page=2&sort=price"},
		{"slug", "/blog/2026/11/23/how-we-made-our-checkout-20-percent-faster"},
		{"uuid", "/orders/3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c/items?page=2"},
		{"asset", "/assets/index-BfK3xQ2z.js"},
		{"search", "/search?q=a+very+long+search+for+waterproof%20hiking+boots&utm_source=newsletter"},
		{"token", "/reset?token=q8Zt3VfKx1Lm9YpR2sWd7H"},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := New(nil, nil)
			b.ReportAllocs()
			for b.Loop() {
				m.Path(c.path)
			}
		})
	}
}
