package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// stampPath is the path of an entry that says which it is and when it was recorded: a number, and a
// time in Unix nanoseconds. Paths reach viewers in every form of a live log.
func stampPath(number int, at time.Time) string {
	return fmt.Sprintf("/at/%d/%d", number, at.UnixNano())
}

// stamp is what a viewer finds in a message.
type stamp struct {
	number int
	at     int64 // Unix nanoseconds
}

// stamps returns the stamps in a message, in the order in which the entries were recorded: frames of
// HTML have the newest on top. There a row has its path several times, but only once as what is read.
func stamps(message []byte) []stamp {
	path := []byte("/at/")
	if bytes.HasPrefix(message, []byte("<")) {
		path = []byte("<code dir=\"ltr\">/at/")
	}
	var found []stamp
	for rest := message; ; {
		_, after, ok := bytes.Cut(rest, path)
		if !ok {
			break
		}
		rest = after
		number, after, ok := leadingNumber(after)
		if !ok || len(after) == 0 {
			continue
		}
		at, _, ok := leadingNumber(after[1:])
		if ok {
			found = append(found, stamp{number: int(number), at: at})
		}
	}
	if bytes.HasPrefix(message, []byte("<")) {
		slices.Reverse(found)
	}
	return found
}

// leadingNumber cuts digits off; ok is whether there are any.
func leadingNumber(b []byte) (n int64, rest []byte, ok bool) {
	end := 0
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(string(b[:end]), 10, 64)
	return n, b[end:], err == nil
}
