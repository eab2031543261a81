package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxCopiedLine is the longest line of a copy that is read, in bytes. Records are much shorter.
const maxCopiedLine = 64 << 10

// Copied is what one or several copies have. The zero value has nothing, and does not look at signatures.
type Copied struct {
	rings      map[string]map[int64]copiedRecord
	signatures *signatures // nil = they are not looked at
	Records    int         // how many different ones
	Unreadable int         // lines that are no whole record, such as the last one before a disk was full
	Broken     string      // the first thing that is wrong in the copies themselves, as a sentence; "" for nothing
	breaks     int
}

type copiedRecord struct {
	hash   string
	oldest int64
}

// SignedBy returns an empty Copied, of whose lines each must be signed by one of the keys.
func SignedBy(keys []PublicKey) Copied {
	signatures := newSignatures(keys)
	return Copied{signatures: &signatures}
}

// Add reads a copy: lines as [Options.Copy] gets them. Text before a line's first brace is not read, as a syslog adds it. Lines may
// be there several times, and in any order. An error is r's.
func (c *Copied) Add(r io.Reader) error {
	if c.rings == nil {
		c.rings = map[string]map[int64]copiedRecord{"": {}, Attempts: {}}
	}
	lines := bufio.NewReaderSize(r, maxCopiedLine)
	for {
		line, long, err := readLine(lines)
		if len(bytes.TrimSpace(line)) > 0 || long {
			c.add(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a copy of the audit log: %w", err)
		}
	}
}

// readLine reads a line, of which it returns the beginning where it is too long.
func readLine(lines *bufio.Reader) (line []byte, long bool, err error) {
	line, err = lines.ReadSlice('\n')
	line = bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = lines.ReadSlice('\n')
	}
	return line, long, err
}

// add adds one line.
func (c *Copied) add(line []byte) {
	_, text, found := strings.Cut(strings.TrimSpace(string(line)), "{")
	if !found {
		c.Unreadable++
		return
	}
	text = "{" + text
	var stated struct {
		Seq    int64  `json:"seq"`
		Ring   string `json:"ring"`
		Oldest int64  `json:"oldest"`
		Hash   string `json:"hash"`
		signature
	}
	if json.Unmarshal([]byte(text), &stated) != nil || c.rings[stated.Ring] == nil || stated.Seq < 1 {
		c.Unreadable++
		return
	}
	at := strings.LastIndex(text, `,"hash":"`)
	if at < 0 || hashOf([]byte(text[:at]+"}")) != stated.Hash {
		c.broken("In the copy, %s %d was altered: it does not have the hash that was written with it.", nounOf(stated.Ring), stated.Seq)
		return
	}
	if c.signatures != nil && !c.signatures.check(text, stated.signature) {
		c.broken("In the copy, %s %d is not signed by one of the public keys.", nounOf(stated.Ring), stated.Seq)
		return
	}
	known, twice := c.rings[stated.Ring][stated.Seq]
	if twice && known.hash != stated.Hash {
		c.broken("The copy has two different records with the number of %s %d: the log was replaced once.", nounOf(stated.Ring), stated.Seq)
		return
	}
	if !twice {
		c.Records++
	}
	c.rings[stated.Ring][stated.Seq] = copiedRecord{stated.Hash, stated.Oldest}
}

func (c *Copied) broken(format string, args ...any) {
	if c.breaks++; c.breaks == 1 {
		c.Broken = fmt.Sprintf(format, args...)
	}
}

func nounOf(ring string) string {
	if ring == Attempts {
		return "attempt"
	}
	return "record"
}

// Comparison is what came of comparing the log with copies of it.
type Comparison struct {
	Same   int    // records that are in both
	Breaks int    // how many places differ
	Broken string // the first of them, as a sentence; "" where nothing differs

	// NotCopied is how many records are in the log and in no copy, after the first that is in one. Programs without a copy have written
	// them, or somebody else has. The first is named.
	NotCopied      int
	FirstNotCopied Record
}

// Compare compares the log with what copies had before it was called. Records that have become too old to be kept may be missing in the log. An
// error is the failure of Redis or ctx.
func (l *Log) Compare(ctx context.Context, copied Copied) (Comparison, error) {
	c := Comparison{Breaks: copied.breaks, Broken: copied.Broken}
	if copied.signatures != nil && copied.signatures.missing() > 0 {
		c.broken("the copy lacks %d lines between others that were written with them: they were removed, or lost on the way.", copied.signatures.missing())
	}
	for _, ring := range []*ring{l.records, l.attempts} {
		if err := c.compare(ctx, ring, copied.rings[ring.name]); err != nil {
			return Comparison{}, fmt.Errorf("compare the audit log with its copy: %w", err)
		}
	}
	return c, nil
}

// compare compares one ring.
func (c *Comparison) compare(ctx context.Context, l *ring, copied map[int64]copiedRecord) error {
	var first, last, floor int64 // of the copy
	for seq, r := range copied {
		if first == 0 || seq < first {
			first = seq
		}
		if seq > last {
			last, floor = seq, r.oldest
		}
	}
	seen := make(map[int64]bool)
	records := l.forwards(ctx)
	defer records.stop()
	for {
		r, found, err := records.peek()
		if err != nil {
			return err
		}
		if !found {
			break
		}
		records.take()
		seen[r.Seq] = true
		known, is := copied[r.Seq]
		switch {
		case is && known.hash == r.Hash:
			c.Same++
		case is:
			c.broken("%s %d is not the one in the copy: one of the two was replaced.", nounOf(l.name), r.Seq)
		case first > 0 && r.Seq > first && r.Seq < last: // later ones may be on their way
			if c.NotCopied++; c.NotCopied == 1 {
				c.FirstNotCopied = r
			}
		}
	}
	// Records that have become too old meanwhile may be missing.
	now, err := l.floor(ctx)
	if err != nil {
		return err
	}
	floor = min(floor, l.mayForget(last))
	missing, lowest := 0, int64(0)
	for seq := range copied {
		if seq >= max(now, floor) && !seen[seq] {
			if missing++; lowest == 0 || seq < lowest {
				lowest = seq
			}
		}
	}
	if missing > 0 {
		c.broken("%s %d is in the copy, and not in the log, as %d in all: they were removed.", nounOf(l.name), lowest, missing)
		c.Breaks += missing - 1
	}
	return nil
}

func (c *Comparison) broken(format string, args ...any) {
	if c.Breaks++; c.Breaks == 1 {
		text := fmt.Sprintf(format, args...)
		c.Broken = strings.ToUpper(text[:1]) + text[1:]
	}
}
