package mask

// Classes of characters.
const (
	other = iota
	digit
	lower
	upper
)

// class returns the class of a byte; what is not ASCII is other.
func class(c byte) uint8 { return characters[c].class }

// isOdd reports whether words and numbers seldom have c after before.
func isOdd(before, c byte) bool {
	return oddAfter[characters[before].number]&(1<<characters[c].number) != 0
}

// traits say what a string has, and so which questions need not be asked of it.
type traits uint16

const (
	pathDelimiter  traits = 1 << iota // / and ;
	queryBegin                        // ? and #
	queryDelimiter                    // these, & and ;
	slash                             // / and \
	encoded                           // % and what full-width signs begin with
	escape                            // \, which \u begins with
	naming                            // = and :, which stand between name and value, and what pairs of them are written with
	at                                // @
	figures                           // digits
	betweenWords                      // spaces, hyphens and the like
	keying                            // capitals, separators and spaces: no credential is without one of them
)

// traitsOf returns the traits of all characters of s.
func traitsOf(s string) (t traits) {
	for i := 0; i < len(s); i++ {
		t |= characters[s[i]].traits
	}
	return t
}

// character is what is looked up of a byte: its class, its traits, and its number among those that
// can be odd. Number 0 is everything else, and all digits have one.
type character struct {
	class, number uint8
	traits        traits
}

const (
	numberOfDigits = 1
	numberOfA      = 2
	numberOfBigA   = numberOfA + 26
	numbers        = numberOfBigA + 26
)

var characters = func() (table [256]character) {
	for c := byte('0'); c <= '9'; c++ {
		table[c] = character{class: digit, number: numberOfDigits, traits: figures}
	}
	for i := range byte(26) {
		table['a'+i] = character{class: lower, number: numberOfA + i}
		table['A'+i] = character{class: upper, number: numberOfBigA + i, traits: keying}
	}
	for t, marks := range map[traits]string{
		pathDelimiter: "/;", queryBegin: "?#", queryDelimiter: "?&;#", slash: `/\`, encoded: "%\xef", escape: `\`, naming: "=:>[", at: "@", keying: "-_. +", betweenWords: "-_. +,",
	} {
		for _, mark := range []byte(marks) {
			table[mark].traits |= t
		}
	}
	return table
}()

// commonAfter has for each letter those that follow it in words. The pairs were counted in word
// lists of English, French, German, Spanish, Italian, Dutch, Portuguese, Swedish and Polish without
// their accents. Every pair is here that is at least 1 in 1,000 pairs of a language, or 1 in 20 of those
// that begin with the same letter. They are all but 1 to 4 % of the pairs in words, and 46 % of random ones.
var commonAfter = [26]string{
	"abcdfghijklmnoprstuvwyz",   // a
	"abeilorsuy",                // b
	"acehiklortuyz",             // c
	"adeilnorsuyz",              // d
	"abcdefghijklmnoprstuvwxyz", // e
	"adefilorstu",               // f
	"aeghilnorstu",              // g
	"aeilmnorstuw",              // h
	"abcdefgjklmnopqrstuvz",     // i
	"acdefikmnosu",              // j
	"aeiklnorstuv",              // k
	"adehijlmnostuy",            // l
	"abeimopsuy",                // m
	"abcdefghiknostuvyz",        // n
	"abcdefgiklmnoprstuvwz",     // o
	"aefhiloprstu",              // p
	"u",                         // q
	"abcdefghiklmnoprstuvyz",    // r
	"abcefghiklmnopstuvz",       // s
	"aehijlnorstuyz",            // t
	"abcdefghijklmnprstuw",      // u
	"aeiors",                    // v
	"aehinosuy",                 // w
	"aceiloptvx",                // x
	"acdegiklmnoprstuwz",        // y
	"aeinotuwyz",                // z
}

// oddAfter has for each number those that are odd after it, as bits: a digit beside a letter, a
// capital after a small letter, and pairs of letters that are not common.
var oddAfter = func() (table [numbers]uint64) {
	const digits, all = uint64(1 << numberOfDigits), uint64(1<<26 - 1)
	table[numberOfDigits] = all<<numberOfA | all<<numberOfBigA
	for i, after := range commonAfter {
		odd := all
		for _, letter := range after {
			odd &^= 1 << (letter - 'a')
		}
		table[numberOfA+i] = digits | odd<<numberOfA | all<<numberOfBigA
		table[numberOfBigA+i] = digits | odd<<numberOfA | odd<<numberOfBigA
	}
	return table
}()
