package store

// lineEncoder makes the lines of entries. It keeps its buffer.
type lineEncoder struct{ buffer []byte }

// encode returns the line of each entry. All of them share one allocation.
func (l *lineEncoder) encode(entries []Entry) []string {
	ends := make([]int, len(entries))
	l.buffer = l.buffer[:0]
	for i := range entries {
		l.buffer = entries[i].appendLine(l.buffer)
		ends[i] = len(l.buffer)
	}
	all, start := string(l.buffer), 0
	lines := make([]string, len(entries))
	for i, end := range ends {
		lines[i], start = all[start:end], end
	}
	return lines
}
