package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Fields of an entry of the stream.
const (
	fieldLine = "line" // the record's JSON form, without the hash
	fieldHash = "hash" // of line
)

// maxSeq is the largest number of a record: what JSON can tell from its neighbours. Larger ones are not ours.
const maxSeq = 1<<53 - 1

// Link names one record by its number and its hash. It is written as seq:hash.
type Link struct {
	Seq  int64
	Hash string
}

// String returns seq:hash.
func (l Link) String() string { return strconv.FormatInt(l.Seq, 10) + ":" + l.Hash }

func parseLink(text string) (Link, error) {
	number, hash, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	sum, hexErr := hex.DecodeString(hash)
	if err != nil || seq < 1 || seq > maxSeq || hexErr != nil || len(sum) != sha256.Size {
		return Link{}, errCheckpoint
	}
	return Link{Seq: seq, Hash: strings.ToLower(hash)}, nil
}

// Checkpoint names the newest record, and the newest attempt if there is one. Noted elsewhere, it shows later whether they are
// still there. It is written as seq:hash or, with an attempt, as seq:hash+seq:hash.
type Checkpoint struct {
	Link
	Attempt Link // the zero Link where there is none
}

// String returns the form that [ParseCheckpoint] reads.
func (c Checkpoint) String() string {
	var text string
	if c.Link != (Link{}) {
		text = c.Link.String()
	}
	if c.Attempt != (Link{}) {
		text += "+" + c.Attempt.String()
	}
	return text
}

// errCheckpoint says what is wrong with a checkpoint that can't be read.
var errCheckpoint = errors.New("a checkpoint is a number, a colon and 64 hexadecimal digits, and maybe a plus and the same again")

// ParseCheckpoint reads a checkpoint that was noted: the number of a record, a colon and its hash. Behind a plus, it may have
// the same of an attempt. Earlier versions noted none, and printed the form under the name of a mark.
func ParseCheckpoint(text string) (c Checkpoint, err error) {
	first, second, two := strings.Cut(text, "+")
	if first != "" || !two {
		c.Link, err = parseLink(first)
	}
	if err == nil && two {
		c.Attempt, err = parseLink(second)
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// position is where the chain ends, as the head in Redis says.
type position struct {
	seq    int64  // 0 when there is no record yet
	hash   string // "" then
	oldest int64  // the oldest record that is to be kept
}

func positionOf(r Record) position { return position{seq: r.Seq, hash: r.Hash, oldest: r.Oldest} }

// String returns the form in which the head is stored: seq:hash:oldest.
func (p position) String() string { return fmt.Sprintf("%d:%s:%d", p.seq, p.hash, p.oldest) }

var errHead = errors.New("the head of the audit log can't be read")

// parsePosition is the inverse of String; an absent head is the zero position.
func parsePosition(head string) (position, error) {
	if head == "" {
		return position{}, nil
	}
	colon := strings.LastIndexByte(head, ':')
	newest, err := parseLink(head[:max(colon, 0)])
	if err != nil {
		return position{}, errHead
	}
	oldest, err := strconv.ParseInt(head[colon+1:], 10, 64)
	if err != nil || oldest < 1 || oldest > newest.Seq {
		return position{}, errHead
	}
	return position{seq: newest.Seq, hash: newest.Hash, oldest: oldest}, nil
}

// logEnd is how the log ends, as Redis has it.
type logEnd struct {
	head string // a position, or "" where there is none
	top  string // the id of the stream's newest entry, or "" where it is empty
}

// entryID is the id of a record's entry in the stream.
func entryID(seq int64) string { return strconv.FormatInt(seq, 10) + "-0" }

// errEntryID says that an id has a number that no record has, and none can follow.
var errEntryID = errors.New("the number of an entry is too large")

// parseEntryID returns the number that an entry's id gives it. Ids of other forms are not ours, but
// have a number all the same, unless it is too large.
func parseEntryID(id string) (int64, error) {
	number, _, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq >= maxSeq {
		return 0, errEntryID
	}
	return seq, nil
}

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// lineOf returns the two fields of an entry of the stream.
func lineOf(message redis.XMessage) (line, hash string) {
	line, _ = message.Values[fieldLine].(string)
	hash, _ = message.Values[fieldHash].(string)
	return line, hash
}

// recordOf reads an entry of the stream. An entry that can't be read becomes a record that says so, in
// its place. Hiding it would help the person who has put it there.
func recordOf(message redis.XMessage) Record {
	seq, _ := parseEntryID(message.ID)
	line, hash := lineOf(message)
	r, err := decode(line, hash)
	if err != nil {
		return Record{Seq: seq, Action: Unreadable, Hash: hash}
	}
	r.Seq = seq
	return r
}

// HeadAfter is what [Keys.Head] or [Keys.AttemptsHead] holds where the given entry is the newest one of its stream.
func HeadAfter(newest redis.XMessage) string { return positionOf(recordOf(newest)).String() }
