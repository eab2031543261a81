// Package httpgzip decides whether an answer is compressed, and compresses it. Gzip is what there is:
// brotli would save another tenth, and cost every application that mounts the admin a dependency.
//
// An answer that is compressed here is complete and in memory; nothing streams.
package httpgzip

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Wanted reports whether the answer to r is to be compressed. answer is its header so far. r has to accept gzip, at least as
// gladly as no compression (RFC 9110, 12.5.3). No middleware of the host may have begun to compress the answer.
func Wanted(r *http.Request, answer http.Header) bool {
	return answer.Get("Content-Encoding") == "" && accepts(r.Header)
}

// accepts reads Accept-Encoding.
func accepts(h http.Header) bool {
	const unlisted = -1.0
	gzipped, identity, rest := unlisted, unlisted, unlisted
	for _, field := range h.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(field, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				gzipped = quality(parameters)
			case "identity":
				identity = quality(parameters)
			case "*":
				rest = quality(parameters)
			}
		}
	}
	if gzipped == unlisted {
		gzipped = rest
	}
	// No compression is acceptable without being listed; what is listed is wished for.
	return gzipped > 0 && gzipped >= identity
}

// quality is the weight in the parameters of a coding. A text that can't be read is no wish.
func quality(parameters string) float64 {
	parameters = strings.TrimSpace(parameters)
	if parameters == "" {
		return 1
	}
	name, value, _ := strings.Cut(parameters, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if !strings.EqualFold(strings.TrimSpace(name), "q") || err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}

// Compressor compresses answers while their readers wait. The zero value is ready, and safe for
// concurrent use. Its buffers, which are large, are used again.
type Compressor struct{ writers sync.Pool }

// Compress returns plain in gzip's format.
func (c *Compressor) Compress(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w, ok := c.writers.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(&b)
	}
	w.Reset(&b)
	defer c.writers.Put(w)
	return finish(w, &b, plain)
}

// Best returns plain in gzip's format, as small as it gets, for what is compressed once and sent often.
func Best(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return finish(w, &b, plain)
}

func finish(w *gzip.Writer, b *bytes.Buffer, plain []byte) ([]byte, error) {
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return b.Bytes(), nil
}
