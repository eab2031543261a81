package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// How the ears read.
const (
	earsBuffer = 256 << 10             // bytes that are taken from one connection at once
	earsEvents = 128                   // connections that are looked at after one wait
	earsWait   = 20 * time.Millisecond // for something to arrive, before it is looked whether to end
)

// ears hear what many viewers are sent, in one goroutine and by epoll. Viewers use the CPUs of what is measured:
// with a goroutine for each, half of a hundred see a frame a quarter of a millisecond later.
type ears struct {
	epoll int

	mu sync.Mutex
	of map[int32]*spectator // by file descriptor

	end  chan struct{}
	done chan struct{}
}

func newEars() (*ears, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("listen to viewers: %w", err)
	}
	e := &ears{epoll: epoll, of: map[int32]*spectator{}, end: make(chan struct{}), done: make(chan struct{})}
	go e.listen()
	return e, nil
}

// add hears one more viewer, and what has arrived for it already.
func (e *ears) add(o *spectator) error {
	e.mu.Lock()
	e.of[int32(o.fd)] = o
	e.mu.Unlock()
	event := &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(o.fd)}
	if err := syscall.EpollCtl(e.epoll, syscall.EPOLL_CTL_ADD, o.fd, event); err != nil {
		return fmt.Errorf("listen to a viewer: %w", err)
	}
	return nil
}

// close hears nobody any more, and waits for the goroutine.
func (e *ears) close() {
	close(e.end)
	<-e.done
	syscall.Close(e.epoll)
}

func (e *ears) listen() {
	defer close(e.done)
	events, buffer := make([]syscall.EpollEvent, earsEvents), make([]byte, earsBuffer)
	for {
		select {
		case <-e.end:
			return
		default:
		}
		n, err := syscall.EpollWait(e.epoll, events, int(earsWait.Milliseconds()))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return // what is not heard is counted as lost
		}
		for _, event := range events[:max(n, 0)] {
			e.mu.Lock()
			o := e.of[event.Fd]
			e.mu.Unlock()
			if !o.hear(buffer) {
				_ = syscall.EpollCtl(e.epoll, syscall.EPOLL_CTL_DEL, o.fd, nil) // it is closed below, in the end
			}
		}
	}
}

// hear takes what has arrived for a viewer; more tells whether more can come.
func (o *spectator) hear(buffer []byte) (more bool) {
	n, err := syscall.Read(o.fd, buffer)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return true
	case err != nil, n == 0:
		return false
	}
	return o.take(buffer[:n], time.Now())
}

// Opcodes of RFC 6455, section 5.2.
const (
	opText = 0x1
	opPing = 0x9
	opPong = 0xA
)

// take notes the messages in what arrived at a time; more tells whether more can come.
func (o *spectator) take(arrived []byte, at time.Time) (more bool) {
	if len(o.begun) > 0 {
		arrived = append(o.begun, arrived...)
	}
	for {
		opcode, payload, rest, ok := cutFrame(arrived)
		if !ok {
			o.begun = append(o.begun[:0], arrived...)
			return true
		}
		arrived = rest
		switch opcode {
		case opText:
			o.note(payload, at)
		case opPing:
			o.answer(payload)
		default:
			return false
		}
	}
}

// answer sends a pong. It is masked, as all that a client sends, with zeros.
func (o *spectator) answer(ping []byte) {
	const final, masked = 0x80, 0x80
	pong := append([]byte{final | opPong, masked | byte(len(ping)), 0, 0, 0, 0}, ping...)
	_, _ = syscall.Write(o.fd, pong) // whose pong does not arrive is cut off, and that is counted
}

// cutFrame cuts the first frame off what a server sent, which is not masked; ok is whether it has arrived as a
// whole. See RFC 6455, section 5.2.
func cutFrame(b []byte) (opcode byte, payload, rest []byte, ok bool) {
	const twoBytes, eightBytes = 126, 127 // in which the length follows
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	opcode, head, size := b[0]&0x0f, 2, uint64(b[1])
	switch {
	case size == twoBytes && len(b) >= 4:
		head, size = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case size == eightBytes && len(b) >= 10:
		head, size = 10, binary.BigEndian.Uint64(b[2:])
	case size >= twoBytes:
		return 0, nil, nil, false
	}
	if uint64(len(b)-head) < size {
		return 0, nil, nil, false
	}
	end := head + int(size)
	return opcode, b[head:end], b[end:], true
}
