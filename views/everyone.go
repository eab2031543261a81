package views

// option is one of the kinds of requests that the form of everyone's page offers.
type option struct {
	Value, Key string
	Current    bool
}

// Shows are the kinds of requests to choose from.
func (p Live) Shows() []option {
	var options []option
	for _, show := range shows() {
		options = append(options, option{show.Value, show.Key, show.Value == p.Filter.Show})
	}
	return options
}
