package signon

import (
	"maps"
	"time"

	"github.com/gin-userlog/userlog/auth"
)

// claims are what a provider says of a person.
type claims map[string]any

func (c claims) has(name string) bool { return c[name] != nil }

func (c claims) text(name string) string {
	text, _ := c[name].(string)
	return text
}

// time is when something was, zero where that is not said.
func (c claims) time(name string) time.Time {
	seconds, _ := c[name].(float64)
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// and adds what else was said. The first answer counts, but for groups: userinfo is what is asked again.
func (c claims) and(more claims) claims {
	all := maps.Clone(c)
	maps.Copy(all, more)
	return all
}

// name is what a person is called. An e-mail address counts where the provider has verified it.
func (c claims) name(claim string) string {
	if claim != "" {
		return c.text(claim)
	}
	if name := c.text("preferred_username"); name != "" {
		return name
	}
	if verified, _ := c["email_verified"].(bool); verified && c.text("email") != "" {
		return c.text("email")
	}
	return c.text("sub")
}

// role is the highest that the groups of a person give her, "" for none. Providers write groups as a text, as a list, or as an object
// whose members are named after them.
func (c claims) role(claim string, roles map[string]auth.Role) auth.Role {
	var groups []string
	switch value := c[claim].(type) {
	case string:
		groups = []string{value}
	case []any:
		for _, one := range value {
			if group, is := one.(string); is {
				groups = append(groups, group)
			}
		}
	case map[string]any:
		for group := range value {
			groups = append(groups, group)
		}
	}
	var role auth.Role
	for _, group := range groups {
		switch found := roles[group]; {
		case found == auth.Superuser:
			return found
		case found != "":
			role = found
		}
	}
	return role
}
