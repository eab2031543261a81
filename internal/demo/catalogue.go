package demo

import (
	"fmt"
	"strings"
)

// product is something that the shop sells.
type product struct {
	ID     string // as in /products/:id
	Name   string
	About  string
	Cents  int  // the price
	Single bool // there is one at a time: who pays first has it
}

// Price is the product's price for people.
func (p product) Price() string { return price(p.Cents) }

// price formats an amount for people.
func price(cents int) string { return fmt.Sprintf("$%d.%02d", cents/100, cents%100) }

// catalogue returns everything that the shop sells.
func catalogue() []product {
	return []product{
		{ID: "moth", Name: "Moth in a frame", About: "Found in relay 70, panel F. The first actual case of a bug, in a walnut frame. There is one at a time.", Cents: 4900, Single: true},
		{ID: "punch-cards", Name: "Notebook of punch cards", About: "Eighty columns to a page. Folding, spindling and mutilating are all welcome.", Cents: 1250},
		{ID: "core-memory", Name: "Core memory earrings", About: "Sixty-four bits each, woven by hand. They remember when the power goes.", Cents: 8400},
		{ID: "slide-rule", Name: "Slide rule", About: "Three digits are enough to land on the Moon. Bamboo, with a leather case.", Cents: 5700},
		{ID: "floppy", Name: "Set of four floppy coasters", About: "Eight inches each. They hold one cup and no data.", Cents: 1600},
		{ID: "teapot", Name: "The teapot", About: "The one from the computer graphics papers. It makes tea, never coffee.", Cents: 3900},
		{ID: "nanosecond", Name: "A nanosecond of wire", About: "29.98 centimetres of copper: how far light travels. A gift for the impatient.", Cents: 500},
		{ID: "duck", Name: "Rubber duck", About: "Listens to every problem, and is never the first to speak.", Cents: 800},
		{ID: "tape", Name: "Mug with a paper tape print", About: "Says COFFEE in ASCII, with even parity.", Cents: 1400},
		{ID: "loom", Name: "Loom card scarf", About: "Woven from the pattern on a Jacquard card. Wool, two metres.", Cents: 6200},
		{ID: "listings", Name: "Print: the tower of listings", About: "A navigation program printed out, as tall as the person who led its writing.", Cents: 2800},
		{ID: "bit-bucket", Name: "Bit bucket", About: "Galvanised steel, ten litres. For all that is shifted out.", Cents: 2100},
	}
}

// findProduct returns the product with this id.
func findProduct(id string) (product, bool) {
	for _, p := range catalogue() {
		if p.ID == id {
			return p, true
		}
	}
	return product{}, false
}

// searchProducts returns the products with this text in their name or description, in any case. An
// empty text finds nothing.
func searchProducts(text string) []product {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return nil
	}
	var found []product
	for _, p := range catalogue() {
		if strings.Contains(strings.ToLower(p.Name+" "+p.About), text) {
			found = append(found, p)
		}
	}
	return found
}

// total adds up the prices.
func total(products []product) string {
	cents := 0
	for _, p := range products {
		cents += p.Cents
	}
	return price(cents)
}
