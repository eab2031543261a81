package demo

import (
	"errors"
	"time"

	"github.com/go-playground/validator/v10"
)

// payment is the form of the checkout. Gin checks it by its rules.
type payment struct {
	CardNumber string `form:"number" binding:"required,credit_card"` // spaces are allowed
	Expiry     string `form:"expiry" binding:"required,datetime=01/06"`
}

// paymentErrors says in plain sentences what is wrong with each field; empty where nothing is.
type paymentErrors struct {
	Number string
	Expiry string
}

// sentences says what invalid, the error of Gin's binding, found wrong with the form.
func (p payment) sentences(invalid error) (errs paymentErrors) {
	fields, ok := errors.AsType[validator.ValidationErrors](invalid)
	if !ok {
		errs.Number = "This form could not be read. Please fill it in again."
		return errs
	}
	for _, field := range fields {
		switch field.StructField() {
		case "CardNumber":
			errs.Number = "This is not a card number. Please check its digits."
		case "Expiry":
			errs.Expiry = "Please write the date as on the card, such as 09/31."
		}
	}
	return errs
}

// expired reports whether a card is no longer good at a moment. A card is good until the end of its month.
func (p payment) expired(now time.Time) bool {
	month, err := time.Parse("01/06", p.Expiry)
	return err == nil && !month.AddDate(0, 1, 0).After(now)
}
