package demo

import (
	"fmt"
	"strings"
)

// product is something that the shop sells.
type product struct {
	ID    string // as in /products/:id
	Name  string
	About string
	Cents int // the price
}

// Price is the product's price for people.
func (p product) Price() string { return price(p.Cents) }

// price formats an amount for people.
func price(cents int) string { return fmt.Sprintf("$%d.%02d", cents/100, cents%100) }

// catalogue returns everything that the shop sells.
func catalogue() []product {
	return []product{
		{"moth", "Moth in a frame", "Found in relay 70, panel F. The first actual case of a bug, in a walnut frame.", 4900},
		{"punch-cards", "Notebook of punch cards", "Eighty columns to a page. Folding, spindling and mutilating are all welcome.", 1250},
		{"core-memory", "Core memory earrings", "Sixty-four bits each, woven by hand. They remember when the power goes.", 8400},
		{"slide-rule", "Slide rule", "Three digits are enough to land on the Moon. Bamboo, with a leather case.", 5700},
		{"floppy", "Set of four floppy coasters", "Eight inches each. They hold one cup and no data.", 1600},
		{"teapot", "The teapot", "The one from the computer graphics papers. It makes tea, never coffee.", 3900},
		{"nanosecond", "A nanosecond of wire", "29.98 centimetres of copper: how far light travels. A gift for the impatient.", 500},
		{"duck", "Rubber duck", "Listens to every problem, and is never the first to speak.", 800},
		{"tape", "Mug with a paper tape print", "Says COFFEE in ASCII, with even parity.", 1400},
		{"loom", "Loom card scarf", "Woven from the pattern on a Jacquard card. Wool, two metres.", 6200},
		{"listings", "Print: the tower of listings", "A navigation program printed out, as tall as the person who led its writing.", 2800},
		{"bit-bucket", "Bit bucket", "Galvanised steel, ten litres. For all that is shifted out.", 2100},
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
