package mask

import "strings"

// automaton finds words in one pass over a name: each byte costs one step, however many words there are. It is a tree of
// the words' beginnings, in which one word is looked up. After [automaton.link] (Aho and Corasick's algorithm) it
// finds all words, wherever they begin.
type automaton struct {
	symbols [256]uint8 // a number for each byte that is in a word, 0 for the others
	width   int        // how many symbols there are
	next    []uint16   // for each state and symbol, the next state
	senses  []senses   // of the word that a state is the end of
}

// The first states.
const (
	dead      uint16 = iota // no word begins so
	beginning               // of a word
)

func newAutomaton(lists map[senses]string) *automaton {
	a := &automaton{width: 1}
	for _, list := range lists {
		for _, c := range []byte(strings.Join(strings.Fields(list), "")) {
			if a.symbols[c] == 0 {
				a.symbols[c] = uint8(a.width)
				a.width++
			}
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.symbols[c] = a.symbols[c|0x20]
	}
	a.addState() // dead
	a.addState() // beginning
	for s, list := range lists {
		for word := range strings.FieldsSeq(list) {
			a.add(word, s)
		}
	}
	return a
}

func (a *automaton) addState() uint16 {
	a.next = append(a.next, make([]uint16, a.width)...)
	a.senses = append(a.senses, 0)
	return uint16(len(a.senses) - 1)
}

func (a *automaton) add(word string, s senses) {
	state := beginning
	for _, c := range []byte(word) {
		at := int(state)*a.width + int(a.symbols[c])
		if a.next[at] == dead {
			added := a.addState()
			a.next[at] = added
		}
		state = a.next[at]
	}
	a.senses[state] |= s
}

// link lets a state from which no word goes on go on like the longest end of it that begins a word. States are
// visited by their distance from the beginning.
func (a *automaton) link() *automaton {
	fallback := make([]uint16, len(a.senses))
	for queue := []uint16{beginning}; len(queue) > 0; queue = queue[1:] {
		state := queue[0]
		a.senses[state] |= a.senses[fallback[state]]
		for symbol := range a.width {
			behind := beginning
			if state != beginning {
				behind = a.next[int(fallback[state])*a.width+symbol]
			}
			at := int(state)*a.width + symbol
			if child := a.next[at]; child != dead {
				fallback[child] = behind
				queue = append(queue, child)
			} else {
				a.next[at] = behind
			}
		}
	}
	return a
}

// step returns the state behind one byte of a folded name.
func (a *automaton) step(state uint16, c byte) uint16 {
	return a.next[int(state)*a.width+int(a.symbols[c])]
}
