// Package mimetype stands for gabriel-vasile/mimetype in releases. The validator imports it for the tag "image", which userlog does not have.
package mimetype

import (
	"errors"
	"io"
)

// MIME is a type that is not known.
type MIME struct{}

// String returns the type of what is not known.
func (*MIME) String() string { return "application/octet-stream" }

// DetectReader returns an error: releases detect no types.
func DetectReader(io.Reader) (*MIME, error) { return new(MIME), errors.New("mimetype: left out") }
