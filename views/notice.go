package views

import (
	"cmp"
	"strings"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/store"
)

// Notice says what happened that a rule is about, in plain text, for a chat: some sentences, and where to look. Words of strangers
// in it can't be taken for ours.
func (w Words) Notice(e rules.Event) string {
	says := []string{w.happened(e)}
	if e.Kind == rules.ManyFail && e.Again {
		says = append(says, w.text("notice.new", parameters{Count: e.New}))
	}
	if d := e.Detail; d != nil {
		if where := cmp.Or(d.Page, d.Path); where != "" && where != e.Page {
			says = append(says, w.text("notice.where", parameters{Name: apart(where)}))
		}
		how := w.Result(store.Entry{Code: d.Status, Problem: d.Problem})
		says = append(says, w.text("notice.how", parameters{Name: apart(how)}))
		if len(d.Usernames) > 0 {
			says = append(says, w.text("notice.who", parameters{Name: apartAll(d.Usernames)}))
		}
	}
	if e.Link != "" {
		says = append(says, e.Link)
	}
	return strings.Join(says, " ")
}

// happened is the first sentence of a notice.
func (w Words) happened(e rules.Event) string {
	key, about := "notice.many-fail", parameters{Name: apart(e.Page), Count: e.Users}
	switch {
	case e.Kind == rules.UserFails && e.Again:
		key, about = "notice.user-fails-again", parameters{Name: apart(e.Username), Count: e.New}
	case e.Kind == rules.UserFails:
		key, about = "notice.user-fails", parameters{Name: apart(e.Username), Count: e.New}
	case e.Page == "":
		key = "notice.many-fail-somewhere"
	}
	return w.text(key, about)
}

// TestNotice says that nothing has happened.
func (w Words) TestNotice() string { return w.text("notice.test", parameters{}) }

// Characters between which a text keeps its own direction, and leaves that of what is around it alone.
const firstStrongIsolate, popDirectionalIsolate = "\u2068", "\u2069"

// apart is a text of strangers as a part of a sentence in plain text.
func apart(text string) string {
	text = printable.Name(strings.Join(strings.Fields(text), " "))
	for _, r := range text {
		if r > '~' {
			return firstStrongIsolate + text + popDirectionalIsolate
		}
	}
	return text
}

// apartAll are several such texts.
func apartAll(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = apart(text)
	}
	return strings.Join(all, ", ")
}
