package demo

import (
	"strings"
	"time"
)

// payment is the form of the checkout.
type payment struct {
	Number string // of the card; spaces are allowed
	Expiry string // MM/YY
}

// paymentErrors says in plain sentences what is wrong with each field; empty where nothing is.
type paymentErrors struct {
	Number string
	Expiry string
}

// check validates the form at a moment. A card is good until the end of its month.
func (p payment) check(now time.Time) (errs paymentErrors, ok bool) {
	if !isCardNumber(strings.ReplaceAll(p.Number, " ", "")) {
		errs.Number = "This is not a card number. Please check its 16 digits."
	}
	month, err := time.Parse("01/06", strings.TrimSpace(p.Expiry))
	switch {
	case err != nil:
		errs.Expiry = "Please write the date as on the card, such as 09/31."
	case !month.AddDate(0, 1, 0).After(now):
		errs.Expiry = "This card has expired."
	}
	return errs, errs == paymentErrors{}
}

// isCardNumber says whether these are 16 digits with the right check digit (Luhn).
func isCardNumber(digits string) bool {
	if len(digits) != 16 {
		return false
	}
	sum := 0
	for i := range len(digits) {
		digit := int(digits[i]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		if i%2 == 0 {
			digit *= 2
			if digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}
