package sending_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/webhook/sending"
)

// secret is one as receivers have it, of 32 bytes.
const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func TestDestinationsAreRead(t *testing.T) {
	t.Parallel()
	all, err := sending.Parse([]byte(`
[support]
url = "https://hooks.slack.com/services/your/own/address"
format = "slack"

[pager]
url = "http://127.0.0.1:9000/hook?a=b"
secret = "` + secret + `"
old-secret = "` + secret + `"
`))
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	if d := all[0]; d.Name != "pager" || d.Format != sending.Standard || len(d.Keys) != 2 || string(d.Keys[0]) != "01234567890123456789012345678901" || d.Host() != "127.0.0.1:9000" {
		t.Errorf("pager is %+v", d)
	}
	if d := all[1]; d.Name != "support" || d.Format != sending.Slack || d.Keys != nil || d.Host() != "hooks.slack.com" {
		t.Errorf("support is %+v", d)
	}
}

// The example of the documents is right.
func TestTheExampleIsRead(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```toml\n")
	example, _, found := strings.Cut(rest, "```")
	if all, err := sending.Parse([]byte(example)); !found || err != nil || len(all) != 2 || len(all[0].Keys) != 1 {
		t.Errorf("%q: %+v, %v", example, all, err)
	}
}

// What is wrong is named, and nothing that may be secret is repeated.
func TestWrongDestinationsAreNamed(t *testing.T) {
	t.Parallel()
	const hidden = "s3cr3t"
	good := `url = "https://example.com/` + hidden + `"`
	for content, want := range map[string]string{
		"":                                  "0 destinations",
		"[a]\nurl = " + hidden:              "line 2 can't be read",
		"[a]\naddress = \"" + hidden + "\"": `"a.address" is not known`,
		"url = \"" + hidden + "\"":          "can't be read",
		"[A]\n" + good:                      `destination "A"`,
		"[\"a:b\"]\n" + good:                `destination "a:b"`,
		"[" + strings.Repeat("a", 31) + "]\n" + good: "30 at most",
		"[a]\n" + good: "[a]: secret is missing",
		"[a]\n" + good + "\nsecret = \"" + hidden + "\"":                                  "a secret is whsec_",
		"[a]\n" + good + "\nsecret = \"whsec_czNjcjN0\"":                                  "24 to 64",
		"[a]\n" + good + "\nsecret = \"" + secret + "\"\nold-secret = \"" + hidden + "\"": "a secret is whsec_",
		"[a]\n" + good + "\nformat = \"teams\"":                                           "format is not known",
		"[a]\n" + good + "\nformat = \"slack\"\nsecret = \"" + hidden + "\"":              "leave it out",
		"[a]\nurl = \"http://example.com/" + hidden + "\"\nformat = \"slack\"":            "use https://",
		"[a]\nurl = \"http://localhost.example.com/" + hidden + "\"\nformat = \"slack\"":  "use https://",
		"[a]\nurl = \"http://127.0.0.1.example.com/" + hidden + "\"\nformat = \"slack\"":  "use https://",
		"[a]\nurl = \"https://a:" + hidden + "@example.com/\"\nformat = \"slack\"":        "password",
		"[a]\nurl = \"https://example.com/#" + hidden + "\"\nformat = \"slack\"":          "#",
		"[a]\nurl = \"file:///" + hidden + "\"\nformat = \"slack\"":                       "not an address",
		"[a]\nurl = \"https:///" + hidden + "\"\nformat = \"slack\"":                      "not an address",
		"[a]\nurl = \"ht\\u0000tps://" + hidden + "\"\nformat = \"slack\"":                "not an address",
	} {
		all, err := sending.Parse([]byte(content))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v, want %q", content, all, err, want)
		}
		if err != nil && strings.Contains(err.Error(), hidden) {
			t.Errorf("%q: a value is repeated: %v", content, err)
		}
	}
	var many strings.Builder
	for _, letter := range "abcdefghijk" {
		many.WriteString("[" + string(letter) + "]\n" + good + "\nformat = \"slack\"\n")
	}
	if _, err := sending.Parse([]byte(many.String())); err == nil || !strings.Contains(err.Error(), "11 destinations") {
		t.Errorf("eleven: %v", err)
	}
}
