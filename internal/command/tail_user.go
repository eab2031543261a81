package command

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// maxOffered is how many names are offered in the place of one that has no log.
const maxOffered = 5

// namesLost is said where it is not known who may be meant by a name.
const namesLost = "Similar names could not be looked up."

// resolve finds out whose log is meant. Where nobody has a log under the name, the command waits for that user, and offers those who fit.
// While Redis is away, the name is taken as it is, and the command says that nothing was looked up.
func (c *tailCommand) resolve(ctx context.Context, logs *store.Store, w io.Writer) (offered []string) {
	if c.All {
		return nil
	}
	username, ok, err := logs.Resolve(ctx, c.Username)
	switch {
	case err != nil:
		fmt.Fprintln(w, namesLost)
		return nil
	case ok && username != c.Username:
		fmt.Fprintf(w, "This is the log of %s.\n", visibleUser(username))
		c.Username = username
		return nil
	case ok:
		return nil
	}
	user, gone, err := logs.Gone(ctx, c.Username)
	if gone {
		words, err := views.NewWords()
		if err != nil {
			return nil
		}
		fmt.Fprintln(w, printable.Text(words.Gone(user)))
		c.Username = user.Username
	}
	var found store.Found
	if err == nil {
		found, err = logs.Search(ctx, c.Username, maxOffered)
	}
	if err != nil || found.Unread && len(found.Users) == 0 {
		fmt.Fprintln(w, namesLost)
		return nil
	}
	for _, user := range found.Users {
		offered = append(offered, visibleUser(user.Username))
	}
	return offered
}

// offer asks whether others are meant, behind a space, or is empty.
func offer(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return " Did you mean " + names[0] + "?"
	default:
		return " Did you mean " + strings.Join(names[:n-1], ", ") + " or " + names[n-1] + "?"
	}
}
