package sending

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// maxFile is longer than any file of destinations, in bytes.
const maxFile = 64 << 10

// File is a file of destinations that something else may change, such as a vault's agent. Its methods may be called from several goroutines.
type File struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	last    []Destination
	failing string // what was told
}

// OpenFile reads a file of destinations. Its errors don't repeat what is in the file.
func OpenFile(path string, log *slog.Logger) (*File, error) {
	all, err := readFile(path)
	return &File{path: path, log: log, last: all}, err
}

// Current are the destinations that the file has now. Where it can't be read, that is logged once, and those before stay in force.
func (f *File) Current() []Destination {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, err := readFile(f.path)
	switch {
	case err == nil:
		f.last, f.failing = all, ""
	case f.failing != err.Error():
		f.log.Warn("the destinations of webhooks can't be read again; those before stay in force", "err", err)
		f.failing = err.Error()
	}
	return f.last
}

// Names are the names of the destinations that the file has now.
func (f *File) Names() []string {
	var names []string
	for _, d := range f.Current() {
		names = append(names, d.Name)
	}
	return names
}

func readFile(path string) ([]Destination, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, err
	}
	all, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}
