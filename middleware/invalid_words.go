package middleware

import (
	"strings"
	"unicode"
)

// maxName bounds the name of a field and that of a rule, in bytes.
const maxName = 64

// maxNamespace bounds the namespaces in which the last field can be told: go-playground/validator counts its length in a byte.
const maxNamespace = 255

// fieldWords is the name of a field in words: "billing card number" for Order.Billing.CardNumber, "items name" for
// Order.Items[3].Name. Brackets have an index or, of a map, a key, which is the user's and may look like names of
// fields. So between the first bracket and the last field nothing is told.
func fieldWords(namespace, field string) string {
	path, sure := withoutType(namespace)
	if !sure {
		return cutName(strings.Join(lastWords(namespace, field), " "))
	}
	before, _, keyed := strings.Cut(path, "[")
	var words []string
	for name := range strings.SplitSeq(before, ".") {
		words = appendWords(words, name)
	}
	if keyed && len(path)-len(field) > len(before) {
		words = append(words, lastWords(namespace, field)...)
	}
	return cutName(strings.Join(words, " "))
}

// lastWords are the words of the last field of a namespace, where it can be told.
func lastWords(namespace, field string) []string {
	if len(namespace) > maxNamespace {
		return nil
	}
	name, _, _ := strings.Cut(field, "[")
	return appendWords(nil, name)
}

// withoutType is a namespace without the struct that it begins with. A struct without a name has none in the namespace: where that has no
// dot, it is a field. A value by itself has no namespace. sure is false where brackets stand before the dot. They may be a generic struct's,
// or hold the key of a map in a struct without a name, and then more of that key may stand behind the dot.
func withoutType(namespace string) (path string, sure bool) {
	before, behind, found := strings.Cut(namespace, ".")
	if !found {
		return namespace, true
	}
	return behind, !strings.Contains(before, "[")
}

// appendWords takes an identifier apart: CardNumber, cardNumber and card_number are "card number", and HTTPServerID is "http
// server id".
func appendWords(words []string, identifier string) []string {
	runes := []rune(identifier)
	start := 0
	flush := func(end int) {
		if start < end {
			words = append(words, strings.ToLower(string(runes[start:end])))
		}
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
			start = i + 1
		case i > start && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			flush(i)
			start = i
		}
	}
	flush(len(runes))
	return words
}

// ruleWords is a rule in words, with its limit where that is a number: "min 8". Other parameters may be what nobody should
// guess, such as a voucher.
func ruleWords(tag, parameter string) string {
	var rules []string
	for one := range strings.SplitSeq(tag, "|") { // one of several that would do, with its parameter
		name, _, _ := strings.Cut(one, "=")
		if name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || unicode.IsSpace(r) }), " "); name != "" {
			rules = append(rules, cutName(name))
		}
	}
	words := strings.Join(rules, " or ")
	switch tag {
	case "min", "max", "len", "gt", "gte", "lt", "lte":
		if parameter != "" && len(parameter) <= maxName && strings.Trim(parameter, "-.0123456789") == "" {
			words += " " + parameter
		}
	}
	if words == "" {
		return "not valid"
	}
	return words
}

// cutName bounds a name.
func cutName(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "")
}
