package main

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"testing"
	"time"
)

// wireFrame is a frame as a server sends it, in each form that a length can have.
func wireFrame(opcode byte, payload []byte) []byte {
	b := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func TestFramesAreCutWhereverTheyWereBroken(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 1<<16 - 1, 1 << 16} {
		payload := bytes.Repeat([]byte("x"), size)
		wire := append(wireFrame(opText, payload), "rest"...)
		opcode, got, rest, ok := cutFrame(wire)
		if !ok || opcode != opText || !bytes.Equal(got, payload) || string(rest) != "rest" {
			t.Errorf("%d bytes: opcode %d, %d bytes, rest %q, %v", size, opcode, len(got), rest, ok)
		}
		whole := len(wire) - len("rest")
		for _, n := range []int{0, 1, 2, 3, 9, whole - 1} {
			if n < whole {
				if _, _, _, ok := cutFrame(wire[:n]); ok {
					t.Errorf("%d bytes: a frame in the first %d of %d bytes", size, n, whole)
				}
			}
		}
	}
}

func TestMessagesArriveInPieces(t *testing.T) {
	wire := append(wireFrame(opText, []byte(`{"path":"/at/1/10"}`)), wireFrame(opText, []byte(`{"path":"/at/2/20"}`))...)
	for pieces := 1; pieces <= len(wire); pieces++ {
		var o spectator
		for rest := wire; len(rest) > 0; {
			n := min(len(rest), (len(wire)+pieces-1)/pieces)
			if !o.take(rest[:n], time.Unix(0, 30)) {
				t.Fatal("the connection seems to have ended")
			}
			rest = rest[n:]
		}
		if len(o.seen) != 2 || o.seen[0] != (sight{stamp{1, 10}, 20}) || o.seen[1] != (sight{stamp{2, 20}, 10}) {
			t.Errorf("%d pieces: seen %v", pieces, o.seen)
		}
	}
	const opClose = 0x8
	if new(spectator).take(wireFrame(opClose, nil), time.Now()) {
		t.Error("after a close frame more can come")
	}
}

func TestPingsAreAnswered(t *testing.T) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	o := &spectator{fd: ends[0]}
	if !o.take(wireFrame(opPing, []byte("hi")), time.Now()) {
		t.Fatal("the connection seems to have ended")
	}
	got := make([]byte, 100)
	n, err := syscall.Read(ends[1], got)
	if want := []byte{0x8A, 0x82, 0, 0, 0, 0, 'h', 'i'}; err != nil || !bytes.Equal(got[:n], want) {
		t.Errorf("answered %x, %v; want %x", got[:n], err, want)
	}
}
