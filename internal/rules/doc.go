// Package rules has the rules by which superusers want a team to be told: many users fail on one page, or a named one fails. It also has what
// is told then. Package internal/rules/watching watches for it, which no host compiles.
package rules
