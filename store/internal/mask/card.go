package mask

import "strings"

// hasCard reports whether a text has the number of a payment card in it: 14 to 19 digits that begin like those of
// a brand and whose check digit is right. Among other numbers that begin so, one in ten is taken for a card. Numbers
// with 13 digits are those of articles (EAN).
func (w *walk) hasCard(s string) bool {
	if len(s) < shortestCard {
		return false
	}
	w.work += len(s)
	start, _ := nextCard(s, 0)
	return start < len(s)
}

// nextCard returns where the first number of a card from i on begins and ends; twice the end of the text where there is none.
func nextCard(s string, i int) (start, end int) {
	for ; i < len(s); i++ {
		if class(s[i]) != digit {
			continue
		}
		alone := i == 0 || class(s[i-1]) == other && s[i-1] != '.'
		if end := cardAt(s, i); alone && end > i {
			return i, end
		}
		i = new(cardNumber).read(s, i)
	}
	return len(s), len(s)
}

// cardAt returns where the longest number of a card ends that begins at i, or i for none. Behind blanks there may be other numbers, such
// as the month until which the card is valid.
func cardAt(s string, i int) (end int) {
	var number cardNumber
	end = i
	for {
		i = number.read(s, i)
		if (i == len(s) || class(s[i]) == other) && number.valid() {
			end = i
		}
		if number.length > longestCard || i+1 >= len(s) || !isGap(s[i]) || class(s[i+1]) != digit {
			return end
		}
		number.endGroup()
		i++
	}
}

// isGap reports whether c is a blank, which in addresses may be a plus.
func isGap(c byte) bool { return c == ' ' || c == '+' }

// maskCards hides the numbers of payment cards in a text, also those that are written in groups with blanks between them.
func maskCards(s string) string {
	start, end := nextCard(s, 0)
	if start == len(s) {
		return s
	}
	var out strings.Builder
	done := 0
	for ; start < len(s); start, end = nextCard(s, end) {
		out.WriteString(s[done:start] + masked)
		done = end
	}
	return out.String() + s[done:]
}

// How many digits are on a card.
const (
	shortestCard = 14
	longestCard  = 19
)

// cardNumber is a number as it may be written on a card, in groups.
type cardNumber struct {
	digits [longestCard]byte
	length int
	groups uint32 // behind how many digits one ends, as bits
}

// read reads the digits at i, with hyphens between them, and returns where they end.
func (c *cardNumber) read(s string, i int) (end int) {
	for ; i < len(s); i++ {
		switch {
		case class(s[i]) == digit:
			if c.length < longestCard {
				c.digits[c.length] = s[i] - '0'
			}
			c.length++
		case s[i] == '-' && i+1 < len(s) && class(s[i+1]) == digit:
			c.endGroup()
		default:
			return i
		}
	}
	return i
}

// endGroup notes that a group of digits ends.
func (c *cardNumber) endGroup() { c.groups |= 1 << min(c.length, longestCard+1) }

// valid reports whether the number is grouped, begins and ends like one of a card.
func (c *cardNumber) valid() bool {
	const fours, sixInTheMiddle = 1<<4 | 1<<8 | 1<<12, 1<<4 | 1<<10
	switch c.groups {
	case 0, fours, fours | 1<<16, sixInTheMiddle:
		return c.length >= shortestCard && c.length <= longestCard && c.hasBrand() && c.hasCheckDigit()
	}
	return false
}

// brands are the first four digits that a brand's numbers have, and how many digits there are, as bits.
var brands = [...]struct{ from, to, lengths uint32 }{
	{4000, 4999, 1<<16 | 1<<19},         // Visa
	{5100, 5599, 1 << 16},               // Mastercard
	{2221, 2720, 1 << 16},               //
	{3400, 3499, 1 << 15},               // American Express
	{3700, 3799, 1 << 15},               //
	{3000, 3059, 1 << 14},               // Diners Club
	{3600, 3699, 1 << 14},               //
	{3800, 3999, 1 << 14},               //
	{3528, 3589, 1 << 16},               // JCB
	{6011, 6011, 1 << 16},               // Discover
	{6440, 6599, 1 << 16},               //
	{6200, 6299, 1<<16 | 1<<17 | 1<<19}, // UnionPay
	{2200, 2204, 1 << 16},               // Mir
	{5000, 5099, 1<<16 | 1<<18 | 1<<19}, // Maestro
	{5600, 5899, 1<<16 | 1<<18 | 1<<19}, //
	{6300, 6399, 1<<16 | 1<<18 | 1<<19}, //
	{6700, 6799, 1<<16 | 1<<18 | 1<<19}, //
}

func (c *cardNumber) hasBrand() bool {
	first := uint32(0)
	for _, d := range c.digits[:4] {
		first = first*10 + uint32(d)
	}
	for _, b := range brands {
		if b.from <= first && first <= b.to && b.lengths&(1<<c.length) != 0 {
			return true
		}
	}
	return false
}

// hasCheckDigit is Luhn's test: every second digit from the end counts twice.
func (c *cardNumber) hasCheckDigit() bool {
	sum := 0
	for i, d := range c.digits[:c.length] {
		n := int(d)
		if (c.length-i)%2 == 0 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	return sum%10 == 0
}
