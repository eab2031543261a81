package command

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"
)

// settings has the values of flags that were not typed. They come from the environment, or else from the file of --config, or else
// from a credential of systemd. The env tags of kong are not used, because they read the environment of the process by themselves.
type settings struct {
	lookup  func(string) (string, bool)
	file    string         // its name, or ""
	values  map[string]any // of the file
	known   []string       // the names that it may have
	sources map[string]string
	typed   map[string]bool // flags that were
}

var _ kong.Resolver = (*settings)(nil)

func newSettings(lookup func(string) (string, bool)) *settings {
	return &settings{lookup: lookup, sources: make(map[string]string), typed: make(map[string]bool)}
}

// Validate is called by kong.
func (*settings) Validate(*kong.Application) error { return nil }

// Resolve is called by kong for each flag that was not typed. A variable that is set and empty counts: an empty
// USERLOG_KEY_PREFIX asks for no prefix.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !hasVariable(flag) || flag.Name == "config" {
		return nil, nil
	}
	if value, ok := s.lookup(variable(flag.Name)); ok {
		s.sources[flag.Name] = "the environment, as " + variable(flag.Name)
		return value, nil
	}
	if value, ok := s.values[flag.Name]; ok {
		s.sources[flag.Name] = s.file
		return value, nil
	}
	if path, ok := s.credential(flag); ok {
		s.sources[flag.Name] = "systemd, as the credential " + credentialOf(flag)
		return path, nil
	}
	return nil, nil
}

// BeforeResolve is called by kong when it knows what was typed. It reads the file that --config or its variable names.
func (commandLine) BeforeResolve(c *kong.Context, s *settings) error {
	name := ""
	if value, ok := s.lookup(variable("config")); ok {
		name = value
	}
	for _, path := range c.Path {
		if path.Flag == nil {
			continue
		}
		s.typed[path.Flag.Name] = true
		if path.Flag.Name == "config" {
			name, _ = c.FlagValue(path.Flag).(string)
		}
	}
	if name == "" {
		return nil
	}
	s.known = flagNames(c.Model.Node)
	return s.read(name)
}

// read reads a file. Its errors are mistakes in it, and repeat no value, which may be a secret.
func (s *settings) read(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return usage("--config: %w", err)
	}
	found := make(map[string]any)
	if err := toml.Unmarshal(content, &found); err != nil {
		if wrong := (*toml.DecodeError)(nil); errors.As(err, &wrong) {
			row, column := wrong.Position()
			return usage("--config %s: line %d can't be read, at character %d: write lines such as addr = \":8080\"", name, row, column)
		}
		return usage("--config %s can't be read: write lines such as addr = \":8080\"", name)
	}
	values := make(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if !slices.Contains(s.known, key) {
			return usage("--config %s: there is no setting %q%s", name, key, meant(key, s.known))
		}
		value, ok := typed(found[key])
		if !ok {
			return usage("--config %s: %s has no value that a flag could have: use a text, a number, true, false, or a list of texts", name, key)
		}
		values[key] = value
	}
	s.file, s.values = name, values
	return nil
}

// typed is a value of the file as kong takes it: a text, or a list of texts.
func typed(value any) (any, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool, int64:
		return fmt.Sprint(v), true
	case []any:
		for _, one := range v {
			if _, text := one.(string); !text {
				return nil, false
			}
		}
		return v, true
	}
	return nil, false
}

// flagNames are the names of all flags that the file may set, of all commands.
func flagNames(node *kong.Node) (names []string) {
	for _, flag := range node.Flags {
		if hasVariable(flag) && flag.Name != "config" {
			names = append(names, flag.Name)
		}
	}
	for _, child := range node.Children {
		names = append(names, flagNames(child)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// meant ends a sentence about an unknown name with the name that may be meant.
func meant(name string, known []string) string {
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
	if distance(name, nearest) > max(len(name)/3, 1) {
		return "; userlog serve --help has all"
	}
	return ": do you mean " + nearest + "?"
}

// distance is how many letters have to be changed, added or removed to make one text of another.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
