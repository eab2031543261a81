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

// Mark names one record, so that it can be found out later whether it is still there. It is written
// as seq:hash.
type Mark struct {
	Seq  int64
	Hash string
}

// String returns what [ParseMark] reads.
func (m Mark) String() string { return strconv.FormatInt(m.Seq, 10) + ":" + m.Hash }

// errMark is what is wrong with a mark that can't be read.
var errMark = errors.New("a mark is a number, a colon and 64 hexadecimal digits")

// ParseMark reads a mark that was noted: the number of a record, a colon and its hash.
func ParseMark(text string) (Mark, error) {
	number, hash, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	sum, hexErr := hex.DecodeString(hash)
	if err != nil || seq < 1 || hexErr != nil || len(sum) != sha256.Size {
		return Mark{}, errMark
	}
	return Mark{Seq: seq, Hash: strings.ToLower(hash)}, nil
}

// position is where the chain has come to: what the head in Redis says.
type position struct {
	seq    int64  // 0 when there is no record yet
	hash   string // "" then
	oldest int64  // the oldest record that is to be kept
}

func positionOf(r Record) position { return position{seq: r.Seq, hash: r.Hash, oldest: r.Oldest} }

// String returns what is stored as the head: seq:hash:oldest.
func (p position) String() string { return fmt.Sprintf("%d:%s:%d", p.seq, p.hash, p.oldest) }

var errHead = errors.New("the head of the viewing log can't be read")

// parsePosition is the inverse of String; an absent head is the zero position.
func parsePosition(head string) (position, error) {
	if head == "" {
		return position{}, nil
	}
	colon := strings.LastIndexByte(head, ':')
	mark, err := ParseMark(head[:max(colon, 0)])
	if err != nil {
		return position{}, errHead
	}
	oldest, err := strconv.ParseInt(head[colon+1:], 10, 64)
	if err != nil || oldest < 1 || oldest > mark.Seq {
		return position{}, errHead
	}
	return position{seq: mark.Seq, hash: mark.Hash, oldest: oldest}, nil
}

// end is how the log ends, as Redis has it.
type end struct {
	head string // a position, or "" where there is none
	top  string // the id of the stream's newest entry, or "" where it is empty
}

// entryID is the id of a record's entry in the stream.
func entryID(seq int64) string { return strconv.FormatInt(seq, 10) + "-0" }

// parseEntryID returns the number that an entry's id gives it. Ids of other forms are nobody's of
// ours, but have a number all the same.
func parseEntryID(id string) (int64, error) {
	number, _, _ := strings.Cut(id, "-")
	return strconv.ParseInt(number, 10, 64)
}

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// lineOf returns what an entry of the stream holds.
func lineOf(message redis.XMessage) (line, hash string) {
	line, _ = message.Values[fieldLine].(string)
	hash, _ = message.Values[fieldHash].(string)
	return line, hash
}

// recordOf reads an entry of the stream. What can't be read becomes a record that says so, in the
// place that it has: hiding it would help who has put it there.
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
