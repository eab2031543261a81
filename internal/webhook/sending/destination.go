package sending

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Format is how a destination wants messages.
type Format string

// The formats.
const (
	Standard Format = "standard" // JSON that is signed, as standardwebhooks.com describes
	Slack    Format = "slack"    // the text alone, as Slack and those who imitate it want it
)

// Limits of destinations.
const (
	MaxDestinations = 10
	minKey          = 24 // bytes of a secret, as standardwebhooks.com says
	maxKey          = 64
)

// Destination is where messages are sent. Its URL may be as secret as its keys: Slack knows a sender by nothing else.
type Destination struct {
	Name   string
	URL    string
	Format Format
	Keys   [][]byte // that sign, for Standard
}

// Host is the host of the URL, which may be told.
func (d Destination) Host() string {
	u, err := url.Parse(d.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// fileDestination is a destination as it stands in a file.
type fileDestination struct {
	URL       string `toml:"url"`
	Format    Format `toml:"format"`
	Secret    string `toml:"secret"`
	OldSecret string `toml:"old-secret"`
}

// names are what destinations may be called.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,29}$`)

// Parse reads destinations, in the order of their names, from TOML: a table for each, with its name. Errors repeat no value, which may
// be secret.
func Parse(content []byte) ([]Destination, error) {
	var tables map[string]fileDestination
	if err := toml.NewDecoder(bytes.NewReader(content)).DisallowUnknownFields().Decode(&tables); err != nil {
		return nil, unreadable(err)
	}
	if len(tables) == 0 || len(tables) > MaxDestinations {
		return nil, fmt.Errorf("it has %d destinations: write 1 to %d, such as [support] and below it url and secret", len(tables), MaxDestinations)
	}
	var all []Destination
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if !names.MatchString(name) {
			return nil, fmt.Errorf("the destination %q: use small letters, digits and hyphens, 30 at most", name)
		}
		d, err := tables[name].destination(name)
		if err != nil {
			return nil, fmt.Errorf("[%s]: %w", name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

// unreadable says where TOML is wrong, without what is there.
func unreadable(err error) error {
	if unknown := (*toml.StrictMissingError)(nil); errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		return fmt.Errorf("%q is not known: use url, format, secret and old-secret", strings.Join(unknown.Errors[0].Key(), "."))
	}
	if wrong := (*toml.DecodeError)(nil); errors.As(err, &wrong) {
		row, column := wrong.Position()
		return fmt.Errorf(`line %d can't be read, at character %d: write [support] and below it lines such as url = "https://…"`, row, column)
	}
	return errors.New(`it can't be read: write [support] and below it lines such as url = "https://…"`)
}

// destination checks a table.
func (f fileDestination) destination(name string) (Destination, error) {
	d := Destination{Name: name, URL: f.URL, Format: f.Format}
	if d.Format == "" {
		d.Format = Standard
	}
	if err := checkURL(f.URL); err != nil {
		return d, err
	}
	switch {
	case d.Format != Standard && d.Format != Slack:
		return d, fmt.Errorf("the format is not known: use %s or %s", Standard, Slack)
	case d.Format == Slack && f.Secret+f.OldSecret != "":
		return d, fmt.Errorf("the format %s has no secret: leave it out", Slack)
	case d.Format == Slack:
		return d, nil
	case f.Secret == "":
		return d, errors.New("secret is missing: write whsec_ and behind it 24 to 64 random bytes in base64, and give the receiver the same")
	}
	for _, secret := range []string{f.Secret, f.OldSecret} {
		if secret == "" {
			continue
		}
		key, err := parseSecret(secret)
		if err != nil {
			return d, err
		}
		d.Keys = append(d.Keys, key)
	}
	return d, nil
}

// parseSecret returns the key of a secret as standardwebhooks.com writes it.
func parseSecret(secret string) ([]byte, error) {
	encoded, prefixed := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !prefixed || err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("a secret is whsec_ and behind it %d to %d random bytes in base64", minKey, maxKey)
	}
	return key, nil
}

// checkURL says what is wrong with an address. Messages name customers, so only this machine gets them without TLS.
func checkURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("url is not an address such as https://alerts.example.com/userlog")
	case u.User != nil || u.Fragment != "":
		return errors.New("url has a password or a # in it: leave them out")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("url begins with http://, by which everybody on the way reads messages: use https://")
	}
	return nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}
