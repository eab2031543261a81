package mask

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

const (
	jwt   = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
	hex32 = "9f86d081884c7d659a2feaa0c55ad015"
	b64   = "q8Zt3VfKx1Lm9YpR2sWd7Hc5"
)

func TestMaskHidesSecrets(t *testing.T) {
	m := New([]string{"iban", "card-number"}, nil)
	tests := map[string]string{
		"/reset?token=abc":                    "/reset?token=***",
		"/reset?TOKEN=abc&x=1":                "/reset?TOKEN=***&x=1",
		"/?access_token=a&accessToken=b":      "/?access_token=***&accessToken=***",
		"/?%74oken=abc":                       "/?%74oken=***",
		"/?%2574oken=abc":                     "/?%2574oken=***",
		"/?a=1;token=x":                       "/?a=1;token=***",
		"/?token=a&token=b":                   "/?token=***&token=***",
		"/?x=1?token=b":                       "/?x=1?token=***",
		"/#token=b":                           "/#token=***",
		"/?user[password]=hunter2":            "/?user[password]=***",
		"/?code=1234&pin=1&sig=2&key=k":       "/?code=***&pin=***&sig=***&key=***",
		"/?IBAN=DE02&card_number=4111":        "/?IBAN=***&card_number=***",
		"/?next=/reset%3Ftoken%3Dabc":         "/?next=***",
		"/?next=%252Freset%253Ftoken%253Dab":  "/?next=***",
		"/?x=" + jwt:                          "/?x=***",
		"/?" + hex32:                          "/?***",
		"/?" + b64 + "=1":                     "/?***=***",
		"/?" + b64 + "==":                     "/?***=",
		"/confirm/" + hex32 + "/done":         "/confirm/***/done",
		"/confirm/" + b64:                     "/confirm/***",
		"/magic/" + jwt + "?x=1":              "/magic/***?x=1",
		"/a;jsessionid=12AB/b":                "/a;jsessionid=***/b",
		"/?q=see+" + hex32 + "+please":        "/?q=***",
		"/?token=a%zz":                        "/?token=***",
		"/?password=a=b":                      "/?password=***",
		"/?user[pin]=1&auth_code=2&newPass=3": "/?user[pin]=***&auth_code=***&newPass=***",
		"/?PHPSESSID=1&code_verifier=2&pw=3":  "/?PHPSESSID=***&code_verifier=***&pw=***",
		"/?filter%5Bkey%5D=1&totp=2":          "/?filter%5Bkey%5D=***&totp=***",
	}
	for raw, want := range tests {
		if got := m.Path(raw); got != want {
			t.Errorf("%s\n got %s\nwant %s", raw, got, want)
		}
	}
}

func TestMaskLeavesTheRest(t *testing.T) {
	m := New(nil, nil)
	for _, raw := range []string{
		"", "/", "*", "/orders/7", "/?", "/?token", "/?token=", "/?a=1&b=2;c", "/?q=50%25+off&x=%zz", "//a//b/?&&",
		"/orders/3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c", "/2026/11/23/how-we-made-our-checkout-20-percent-faster",
		"/static/app.3f9e8c21.js", "/search?q=a+very+long+search+for+waterproof+hiking+boots", "/?zipcode=10115&monkey=1",
		"/?zip_code=1&sort-key=2&promoCode=3&country[code]=DE&keyword=x&encoded=1&compass=n",
		"/wiki/Donaudampfschifffahrtsgesellschaft", "/?ids=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "/12345678901234567890123456",
		"/%F0%9F%99%82?q=%3Cimg+src=x+onerror=alert(1)%3E", "/a;v=2/b", "/?redirect=/orders/7?page=2",
	} {
		if got := m.Path(raw); got != raw {
			t.Errorf("%s became %s", raw, got)
		}
	}
}

func TestMaskMissesFewRandomStrings(t *testing.T) {
	const n = 5000
	var random *rand.Rand // of one shape at a time, so that their order does not matter
	bytesOf := func(size int) []byte {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	letters := func(alphabet string, size int) string {
		b := bytesOf(size)
		for i := range b {
			b[i] = alphabet[int(b[i])%len(alphabet)]
		}
		return string(b)
	}
	shapes := map[string]func() string{
		"base64, 16 bytes":      func() string { return base64.StdEncoding.EncodeToString(bytesOf(16)) },
		"base64, 32 bytes":      func() string { return base64.StdEncoding.EncodeToString(bytesOf(32)) },
		"base64url, 16 bytes":   func() string { return base64.RawURLEncoding.EncodeToString(bytesOf(16)) },
		"hexadecimal, 11 bytes": func() string { return hex.EncodeToString(bytesOf(11)) },
		"hexadecimal, 16 bytes": func() string { return hex.EncodeToString(bytesOf(16)) },
		"base32, 26 characters": func() string { return letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 26) },
		"base36, 22 characters": func() string { return letters("abcdefghijklmnopqrstuvwxyz0123456789", 22) },
		"base36, 25 characters": func() string { return letters("abcdefghijklmnopqrstuvwxyz0123456789", 25) },
		"base62, 22 characters": func() string {
			return letters("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 22)
		},
	}
	m := New(nil, nil)
	for name, shape := range shapes {
		random = rand.New(rand.NewPCG(1, 2))
		missed := 0
		for range n {
			if value := shape(); strings.Contains(m.Path("/?x="+url.QueryEscape(value)), url.QueryEscape(value)) {
				missed++
			}
		}
		t.Logf("%s: %d of %d missed", name, missed, n)
		if missed*100 > n {
			t.Errorf("%s: %d of %d missed, more than 1 %%", name, missed, n)
		}
	}
}

func TestMaskAllowQuery(t *testing.T) {
	for _, c := range []struct {
		allow     []string
		raw, want string
	}{
		{[]string{"page", "sort"}, "/list?page=2&q=secret+thing&Sort=up", "/list?page=2&q=***&Sort=up"},
		{[]string{}, "/list?page=2", "/list?page=***"},
		// A parameter without a value is a value.
		{[]string{"page"}, "/list?hunter22", "/list?***"},
		{[]string{"page"}, "/list?page=2&hunter22&page", "/list?page=2&***&page"},
		{[]string{"page"}, "/list?page=2;hunter22#hunter22", "/list?page=2;***#***"},
		{[]string{"page"}, "/list?hunter22=&page=", "/list?***=&page="},
		{[]string{}, "/list?hunter22", "/list?***"},
		// An allowed value may be random, and may not tell what is not allowed.
		{[]string{"state"}, "/list?state=" + b64 + "&q=" + b64, "/list?state=" + b64 + "&q=***"},
		{[]string{"code"}, "/list?code=4111111111111111", "/list?code=4111111111111111"},
		{[]string{"next", "page"}, "/list?next=/orders%3Fpage%3D2", "/list?next=/orders%3Fpage%3D2"},
		{[]string{"next", "page"}, "/list?next=/orders%3Fq%3Dhunter22", "/list?next=***"},
		{[]string{"next"}, "/list?next=https://ada:hunter22@h", "/list?next=***"},
		{[]string{"next"}, "/list?next=/reset/hunter22", "/list?next=***"},
		{[]string{"iban"}, "/list?iban=DE02", "/list?iban=***"}, // MaskQuery has it, too
	} {
		if got := New([]string{"iban"}, c.allow).Path(c.raw); got != c.want {
			t.Errorf("allowing %q: %s became %s, want %s", c.allow, c.raw, got, c.want)
		}
	}
}

// TestMaskQuery looks for the host's names wherever ours are looked for.
func TestMaskQuery(t *testing.T) {
	m := New([]string{"iban", "card-number", "q"}, nil)
	for raw, want := range map[string]string{
		"/?IBAN=DE02&card_number=4111":          "/?IBAN=***&card_number=***",
		"/?user[iban]=DE02&userIban=DE02":       "/?user[iban]=***&userIban=***",
		"/?iban[0]=DE02&iban1=DE02":             "/?iban[0]=***&iban1=***",
		"/?user.card-number=7&myCardNumber=7":   "/?user.card-number=***&myCardNumber=***",
		`/?data={"iban":"DE02"}`:                "/?data=***",
		"/?next=/x%3Fiban%3DDE02":               "/?next=***",
		"/iban/DE02":                            "/iban/***",
		"/?name=iban&value=DE02":                "/?name=iban&value=***",
		"/?q=a&faq=b&Q=c":                       "/?q=***&faq=b&Q=***",
		"/?caliban=tempest7&iban_country=DE123": "/?caliban=tempest7&iban_country=DE123",
	} {
		if got := m.Path(raw); got != want {
			t.Errorf("%s\n got %s\nwant %s", raw, got, want)
		}
	}
}

// FuzzMask plants a secret under a sensitive name, and a secret shape and a key under a harmless one.
func FuzzMask(f *testing.F) {
	f.Add("/a/b?c=d", "x", "y=1;z")
	f.Add("/%zz;=?#", "%74", "&&")
	f.Fuzz(func(t *testing.T, path, before, after string) {
		const planted, key = "Zk3PlantedSecret9x", "ghp_16C7e42F292c6912E7"
		m := New(nil, nil)
		for secret, raw := range map[string]string{
			planted: path + "?" + before + "&token=" + planted + "&" + after,
			b64:     path + "?" + url.QueryEscape(before) + "=" + b64 + "&" + after,
			key:     path + "?" + before + "&x=" + key + "&" + after,
		} {
			if got := m.Path(raw); strings.Contains(decode(got), secret) {
				t.Errorf("%q\nbecame %q", raw, got)
			}
		}
		if once := m.Path(path); m.Path(once) != once {
			t.Errorf("masking %q again changed it to %q", once, m.Path(once))
		}
	})
}

// FuzzMaskAllowQuery lets nothing of a query through but names.
func FuzzMaskAllowQuery(f *testing.F) {
	f.Add("a=b", "=c")
	f.Fuzz(func(t *testing.T, before, after string) {
		const planted = "Zk3PlantedSecret9x"
		raw := "/list?" + before + "&" + planted + "&" + after + "&q=" + planted
		if got := New(nil, []string{"page"}).Path(raw); strings.Contains(got, planted) {
			t.Errorf("%q\nbecame %q", raw, got)
		}
	})
}
