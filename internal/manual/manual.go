// Package manual writes the manual page, and the completions of shells, from the commands and flags that kong knows. It is no
// help at run time: releases carry what it writes.
package manual

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

// Shells are those for which there are completions.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

//go:embed templates
var templates embed.FS

// Completion writes the completions of one of the [Shells].
func Completion(w io.Writer, program *kong.Application, shell string) error {
	if !slices.Contains(Shells(), shell) {
		return fmt.Errorf("manual: there are no completions for the shell %q", shell)
	}
	return write(w, shell, program)
}

// Page writes the manual page as troff, for section 1.
func Page(w io.Writer, program *kong.Application) error { return write(w, "man", program) }

// write fills a template.
func write(w io.Writer, name string, program *kong.Application) error {
	filled, err := template.New(name).Funcs(template.FuncMap{
		"quote": quote, "fish": quoteFish, "troff": troff, "sentence": sentence,
		"describe": func(name, help string) string {
			return quote(strings.ReplaceAll(name, ":", `\:`) + ":" + sentence(help))
		},
	}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return fmt.Errorf("manual: %w", err)
	}
	if err := filled.Execute(w, commands(program.Node)); err != nil {
		return fmt.Errorf("manual: %w", err)
	}
	return nil
}

// command is one that can be typed. The first one is the program itself.
type command struct {
	Path string // with the program
	*kong.Node
}

// commands returns a command and all below it, but hidden ones.
func commands(node *kong.Node) []command {
	all := []command{{node.FullPath(), node}}
	for _, child := range node.Children {
		if !child.Hidden {
			all = append(all, commands(child)...)
		}
	}
	return all
}

// Commands are the commands right below it.
func (c command) Commands() (below []*kong.Node) {
	for _, child := range c.Children {
		if !child.Hidden {
			below = append(below, child)
		}
	}
	return below
}

// Flags are its own flags and those of the commands above it, but hidden ones.
func (c command) Flags() []*kong.Flag { return slices.Concat(c.AllFlags(true)...) }

// Choices are values of its arguments, where only some are right.
func (c command) Choices() (words []string) {
	for _, argument := range c.Positional {
		words = append(words, values(argument)...)
	}
	return words
}

// Values are those that a flag may have. There are none where it may have any.
func (command) Values(flag *kong.Flag) []string { return values(flag.Value) }

// values are those that a value may have, but nothing.
func values(v *kong.Value) []string {
	return slices.DeleteFunc(v.EnumSlice(), func(one string) bool { return one == "" })
}

// quote makes one word for bash and zsh of a text.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// quoteFish makes one word for fish of a text.
func quoteFish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// troff has a text stand for itself: no backslash, hyphen, or dot at the beginning of a line is one of troff's.
func troff(text string) string {
	return `\&` + strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
}

// sentence is the first sentence of a help text, without its full stop. It fits beside a name.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, ": ")
	first, _, _ = strings.Cut(first, "; ")
	first, _, _ = strings.Cut(first, ". ")
	return strings.TrimSuffix(first, ".")
}
