// Package recording measures what recording costs an application. Its benchmarks use the middleware and the store only, so
// that they can be built with another version of those.
package recording
