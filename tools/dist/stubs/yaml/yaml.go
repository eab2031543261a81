// Package yaml stands for goccy/go-yaml in releases. Gin imports it for Context.YAML and for binding YAML, which userlog does not.
package yaml

import (
	"errors"
	"io"
)

var errNone = errors.New("yaml: built without YAML")

// Marshal returns an error: releases write no YAML.
func Marshal(any) ([]byte, error) { return nil, errNone }

// Decoder decodes nothing.
type Decoder struct{}

// NewDecoder returns a Decoder.
func NewDecoder(io.Reader) *Decoder { return new(Decoder) }

// Decode returns an error: releases read no YAML.
func (*Decoder) Decode(any) error { return errNone }
