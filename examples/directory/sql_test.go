package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"testing"
)

// table is a driver that answers every query with one customer, and notes what it was asked.
type table struct{ asked string }

func (t *table) Connect(context.Context) (driver.Conn, error) { return t, nil }
func (t *table) Driver() driver.Driver                        { return nil }
func (t *table) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (t *table) Close() error                                 { return nil }
func (t *table) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }

func (t *table) QueryContext(_ context.Context, _ string, values []driver.NamedValue) (driver.Rows, error) {
	t.asked = ""
	for _, value := range values {
		t.asked += fmt.Sprint(value.Value, ";")
	}
	return &row{}, nil
}

type row struct{ read bool }

func (r *row) Columns() []string { return []string{"id", "name", "email", "plan"} }
func (r *row) Close() error      { return nil }
func (r *row) Next(values []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read = true
	copy(values, []driver.Value{int64(42), "Ada Lovelace", "ada@example.com", "Gold"})
	return nil
}

func TestADirectoryInSQL(t *testing.T) {
	customers := &table{}
	db := sql.OpenDB(customers)
	defer db.Close()
	found, err := inSQL{db}.Search(t.Context(), "50%_Ada")
	if err != nil || len(found) != 1 || found[0].Username != "42" || found[0].Detail != "Gold" || found[0].Facts[0].Text != "ada@example.com" {
		t.Errorf("the search: %v, %v", found, err)
	}
	if customers.asked != `%50\%\_ada%;50%_Ada;` {
		t.Errorf("asked for %s", customers.asked)
	}
	known, err := inSQL{db}.Lookup(t.Context(), "42", "7")
	if err != nil || len(known) != 1 || known["42"].Name != "Ada Lovelace" || customers.asked != "42;7;" {
		t.Errorf("the lookup: %v, %v, asked for %s", known, err, customers.asked)
	}
}
