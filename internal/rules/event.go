package rules

// Event is what happened, by a rule. It is what a message says in Data, too: its JSON names are a promise to receivers.
type Event struct {
	Rule string `json:"rule"` // its id
	Kind Kind   `json:"kind"`

	// Of ManyFail.
	Page  string `json:"page,omitempty"`  // what the application calls it, or its route; "" where it has neither
	Users int    `json:"users,omitempty"` // whose requests failed there within Window

	// Of UserFails.
	Username string `json:"username,omitempty"`

	// New counts what happened since the last message about the same: users, or the user's requests that failed. Without such a message it
	// is all.
	New   int  `json:"new"`
	Again bool `json:"again,omitempty"` // there was such a message, some minutes ago

	Link   string  `json:"link,omitempty"` // to the page of the admin that shows it; "" = its address is not known
	Detail *Detail `json:"detail,omitempty"`
}

// Detail is more than a message needs, for those who choose to have it.
type Detail struct {
	Usernames []string `json:"usernames,omitempty"` // of ManyFail: some of them, those whose requests failed last
	Page      string   `json:"page,omitempty"`      // of UserFails: as Event.Page
	Path      string   `json:"path,omitempty"`      // where the last failure was, without the query
	Status    int      `json:"status,omitempty"`    // of the last failure; 0 where it has none
	Problem   string   `json:"problem,omitempty"`   // what the application says of the last failure
}
