package journey

import (
	"strings"
)

// maxFieldName is how long the name of a field may be, in bytes.
const maxFieldName = 64

// Reason is what a headline says of a problem ([store.Entry.Problem]): the fields that were wrong, where the problem has the form
// of middleware.Invalid, and else all of it. For example, of "card number: required; expiry: datetime" it is "card number, expiry".
func Reason(problem string) string {
	var fields []string
	for fault := range strings.SplitSeq(problem, "; ") {
		field, rule, named := strings.Cut(fault, ": ")
		switch {
		case named && rule != "" && isFieldName(field):
			if len(fields) == 0 || fields[len(fields)-1] != field {
				fields = append(fields, field)
			}
		case fault == "and more" && len(fields) > 0:
			fields[len(fields)-1] += " …"
		default:
			return problem
		}
	}
	return strings.Join(fields, ", ")
}

// isFieldName reports whether a name is written as middleware.Invalid writes those of fields: without capitals and marks.
func isFieldName(name string) bool {
	return name != "" && len(name) <= maxFieldName && name == strings.ToLower(name) &&
		!strings.ContainsAny(name, "\"'`()[]{}<>.,;:!?=/&")
}
