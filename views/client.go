package views

import "strings"

// clientWords are those words for clients that have a translation. Names of browsers and systems have none.
func clientWords() []string {
	return []string{"phone", "tablet", "computer", "TV", "program", "app", "browser"}
}

// clientKey is the catalogue's key of such a word.
func clientKey(word string) string { return "client." + strings.ToLower(word) }

// client is which browser sent a request, in this language: "Firefox, Android, Telefon". What is not one of our words is left as it is.
func (c *catalogue) client(words string) string {
	parts := strings.Split(words, ", ")
	for i, part := range parts {
		for _, word := range clientWords() {
			if part == word {
				parts[i] = c.texts[clientKey(word)]
			}
		}
	}
	return strings.Join(parts, ", ")
}
