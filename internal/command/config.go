package command

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// configCommand is "userlog config": the flags of "userlog serve", which it prints.
type configCommand struct {
	serveCommand `embed:""`
}

// Help is called by kong.
func (configCommand) Help() string {
	return "What is printed can be used as a file for --config, but for secrets, which are shown as ***. Settings that have their defaults are commented out."
}

// Run is called by kong.
func (*configCommand) Run(c *kong.Context, s *settings, std streams) error {
	for _, flag := range c.Selected().Flags {
		if !hasVariable(flag) || flag.Name == "config" {
			continue
		}
		source := s.sources[flag.Name]
		if s.typed[flag.Name] {
			source = "the command line"
		}
		if err := printSetting(std.out, flag, source); err != nil {
			return err
		}
	}
	return printTracing(std.out, std.lookupEnv)
}

// printSetting prints a line of a file for --config, with where it is from; "" is the default.
func printSetting(w io.Writer, flag *kong.Flag, source string) error {
	value, err := tomlOf(flag)
	if err != nil {
		return err
	}
	if source == "" {
		_, err = fmt.Fprintf(w, "# %s = %s\n", flag.Name, value)
		return err
	}
	_, err = fmt.Fprintf(w, "%s = %s # from %s\n", flag.Name, value, visible(source))
	return err
}

// tomlOf is the value of a flag in TOML, without secrets.
func tomlOf(flag *kong.Flag) (string, error) {
	target := flag.Target
	if target.Kind() == reflect.Slice {
		all := make([]string, target.Len())
		for i := range all {
			text, err := quoted(mask(flag.Name, textOf(target.Index(i).Interface())))
			if err != nil {
				return "", err
			}
			all[i] = text
		}
		return "[" + strings.Join(all, ", ") + "]", nil
	}
	switch v := target.Interface().(type) {
	case bool, number:
		return fmt.Sprint(v), nil
	default:
		return quoted(mask(flag.Name, textOf(v)))
	}
}

// quoted is a text as TOML has it, which is as JSON has it.
func quoted(text string) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// textOf is a value as it could be typed.
func textOf(value any) string {
	switch v := value.(type) {
	case duration:
		return time.Duration(v).String()
	case network:
		return netip.Prefix(v).String()
	}
	return fmt.Sprint(value)
}

// hidden stands for what is not shown.
const hidden = "***"

// mask is the value of a flag without what is secret in it: all of it, or the password in an address.
func mask(name, text string) string {
	for _, word := range []string{"password", "secret", "token"} {
		if strings.Contains(name, word) && !strings.HasSuffix(name, "-file") && text != "" {
			return hidden
		}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(text, "@"): // whatever it is
		return hidden + text[strings.LastIndexByte(text, '@'):]
	case err != nil:
		return text
	}
	if _, secret := u.User.Password(); secret {
		text = strings.Replace(text, u.User.String()+"@", url.User(u.User.Username()).String()+":"+hidden+"@", 1)
	}
	for parameter := range strings.SplitSeq(u.RawQuery, "&") {
		if key, value, _ := strings.Cut(parameter, "="); strings.Contains(key, "password") && value != "" {
			text = strings.Replace(text, parameter, key+"="+hidden, 1)
		}
	}
	return text
}
