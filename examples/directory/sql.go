package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/gin-userlog/userlog/handlers"
)

// inSQL is a directory in a table of customers, whose usernames are their numbers.
type inSQL struct{ db *sql.DB }

const selectCustomers = `SELECT id, name, email, plan FROM customers WHERE `

// Search finds customers by a part of their names or e-mail addresses, or by the number of an order.
func (d inSQL) Search(ctx context.Context, query string) ([]handlers.Person, error) {
	part := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(query)) + "%"
	return d.people(ctx, `lower(name) LIKE $1 ESCAPE '\' OR lower(email) LIKE $1 ESCAPE '\'
		OR id IN (SELECT customer_id FROM orders WHERE number = $2) ORDER BY name LIMIT 20`, part, query)
}

// Lookup says who some customers are.
func (d inSQL) Lookup(ctx context.Context, usernames ...string) (map[string]handlers.Person, error) {
	places := make([]string, len(usernames))
	values := make([]any, len(usernames))
	for i, username := range usernames {
		places[i], values[i] = fmt.Sprintf("$%d", i+1), username
	}
	people, err := d.people(ctx, `CAST(id AS text) IN (`+strings.Join(places, ", ")+`)`, values...)
	known := make(map[string]handlers.Person)
	for _, person := range people {
		known[person.Username] = person
	}
	return known, err
}

func (d inSQL) people(ctx context.Context, where string, values ...any) ([]handlers.Person, error) {
	rows, err := d.db.QueryContext(ctx, selectCustomers+where, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var people []handlers.Person
	for rows.Next() {
		var p handlers.Person
		var email string
		if err := rows.Scan(&p.Username, &p.Name, &email, &p.Detail); err != nil {
			return nil, err
		}
		p.Facts = []handlers.Fact{{Label: "E-mail", Text: email}}
		people = append(people, p)
	}
	return people, rows.Err()
}
