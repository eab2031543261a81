package views

import "github.com/gin-userlog/userlog/internal/directory"

// People are what the host's directory knows of users.
type People struct {
	Known map[string]directory.Person // by username
	Lost  bool                        // the directory does not answer: more may be known
}

// person is what the directory says of one user, as templates show it. It is empty if the directory does not know the user.
type person struct {
	directory.Person
	Lost bool
}

// of is what is known of a user.
func (p People) of(username string) person { return person{p.Known[username], p.Lost} }
