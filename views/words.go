package views

import (
	"fmt"

	"github.com/gin-userlog/userlog/store"
)

// Words are what the table calls requests, for a terminal: in English.
type Words struct{ catalogue *catalogue }

// NewWords reads the catalogue. Its only errors are those of [New].
func NewWords() (Words, error) {
	all, err := loadCatalogues()
	if err != nil {
		return Words{}, err
	}
	for _, key := range entryKeys() {
		if _, err := all[0].text(key); err != nil {
			return Words{}, fmt.Errorf("words: %w", err)
		}
	}
	return Words{all[0]}, nil
}

// Type is what kind of request it was, such as Read.
func (w Words) Type(e store.Entry) string { return w.catalogue.texts[typeKey(e.Method)] }

// Result is how the request ended, such as Client error.
func (w Words) Result(e store.Entry) string { return w.catalogue.texts[resultKey(outcomeOf(e.Code))] }
