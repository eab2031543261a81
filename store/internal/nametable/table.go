// Package nametable keeps the names of all users in memory, to find those that contain a text, or differ from it by a letter or
// two. A million names take some 90 MB. It knows neither Redis nor how names are folded.
package nametable

import (
	"bytes"
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// A row is a user. Rows are appended, and go by [Table.Compact] alone.
type row struct {
	folded, name uint32 // where her folded name and her username begin
	seen         uint32 // Unix seconds
	letters      letters
}

// Table is a table of names. Any number of goroutines may search while one adds.
type Table struct {
	seed maphash.Seed

	mu     sync.RWMutex
	rows   []row
	folded []byte  // of all rows, each with a NUL behind it
	names  []byte  // the same of usernames
	places []int32 // a hash table: row + 1, by the hash of the username; 0 is free. Its length is a power of 2
}

// New returns an empty table.
func New() *Table { return &Table{seed: maphash.MakeSeed(), places: make([]int32, 64)} }

// Name is a user to add: her username, by what she is searched, and when she was seen last.
type Name struct {
	Username, Folded string // without NUL
	Seen             time.Time
}

// Put adds users, or notes that they have been seen again.
func (t *Table) Put(users []Name) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range users {
		t.put(users[i].Username, users[i].Folded, seconds(users[i].Seen))
	}
}

// Compact removes who was seen before a time, where that is a quarter of all rows or more. Only the goroutine that adds may
// call it. Searches go on meanwhile.
func (t *Table) Compact(before time.Time) {
	gone := 0
	for i := range t.rows {
		if t.rows[i].seen < seconds(before) {
			gone++
		}
	}
	if gone == 0 || 4*gone < len(t.rows) {
		return
	}
	left := &Table{seed: t.seed, places: make([]int32, 64)}
	for i := range t.rows {
		if r := t.rows[i]; r.seen >= seconds(before) {
			left.put(string(t.nameOf(r)), string(t.foldedAt(i)), r.seen)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows, t.folded, t.names, t.places = left.rows, left.folded, left.names, left.places
}

func (t *Table) put(username, folded string, seen uint32) {
	at := t.place(username)
	if n := t.places[at]; n != 0 {
		t.rows[n-1].seen = max(t.rows[n-1].seen, seen)
		return
	}
	if len(t.folded)+len(folded) >= math.MaxUint32 || len(t.names)+len(username) >= math.MaxUint32 {
		return // more than 100 million names
	}
	t.rows = append(t.rows, row{uint32(len(t.folded)), uint32(len(t.names)), seen, lettersOf(folded)})
	t.folded = append(append(t.folded, folded...), 0)
	t.names = append(append(t.names, username...), 0)
	t.places[at] = int32(len(t.rows))
	if 2*len(t.rows) > len(t.places) {
		t.grow()
	}
}

// place is where a username is in the hash table, or would be.
func (t *Table) place(username string) int {
	last := len(t.places) - 1
	for at := int(maphash.String(t.seed, username)) & last; ; at = (at + 1) & last {
		if n := t.places[at]; n == 0 || string(t.nameOf(t.rows[n-1])) == username {
			return at
		}
	}
}

func (t *Table) grow() {
	t.places = make([]int32, 2*len(t.places))
	last := len(t.places) - 1
	for i := range t.rows {
		at := int(maphash.Bytes(t.seed, t.nameOf(t.rows[i]))) & last
		for t.places[at] != 0 {
			at = (at + 1) & last
		}
		t.places[at] = int32(i + 1)
	}
}

// nameOf is the username of a row.
func (t *Table) nameOf(r row) []byte {
	name := t.names[r.name:]
	return name[:bytes.IndexByte(name, 0)]
}

// foldedAt is the folded name of the nth row.
func (t *Table) foldedAt(n int) []byte {
	end := len(t.folded)
	if n+1 < len(t.rows) {
		end = int(t.rows[n+1].folded)
	}
	return t.folded[t.rows[n].folded : end-1]
}

func seconds(at time.Time) uint32 { return uint32(max(at.Unix(), 0)) }
