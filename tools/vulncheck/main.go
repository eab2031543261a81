// Command vulncheck runs govulncheck on a module, where the database of known vulnerabilities can be reached. Where it can't, it says so,
// and all is well: to lint needs no network.
//
//	go run ./vulncheck DIR
//
// GOVULNDB names another database, also a file:// one.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// database is where Go's vulnerabilities are known.
	database = "https://vuln.go.dev"
	// patience is how long the database may take to answer.
	patience = 5 * time.Second
	// limit is how long all of it may take.
	limit = 5 * time.Minute
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: vulncheck DIR")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := run(ctx, os.Args[1], cmp.Or(os.Getenv("GOVULNDB"), database), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
}

// run checks the module in a folder.
func run(ctx context.Context, folder, db string, said io.Writer) error {
	if err := reach(ctx, db); err != nil {
		fmt.Fprintf(said, "lint: %s can't be reached, so known vulnerabilities of dependencies are not checked (%v)\n", db, err)
		return nil
	}
	found, err := exec.CommandContext(ctx, "go", "tool", "-n", "govulncheck").Output()
	if err != nil {
		return fmt.Errorf("build govulncheck: %w", err)
	}
	// All packages, because what the command line calls is called by reflection, and would look like nothing.
	check := exec.CommandContext(ctx, strings.TrimSpace(string(found)), "-db", db, "-tags", "nomsgpack", "./...")
	check.Dir, check.Stdout, check.Stderr = folder, said, said
	err = check.Run()
	if ctx.Err() != nil {
		fmt.Fprintf(said, "lint: %s takes too long, so known vulnerabilities of dependencies are not checked\n", db)
		return nil
	}
	return err
}

// reach reports why a database can't be used now, nil where it can.
func reach(ctx context.Context, db string) error {
	const index = "/index/db.json"
	if path, is := strings.CutPrefix(db, "file://"); is {
		_, err := os.Stat(filepath.FromSlash(path + index))
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, db+index, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	switch {
	case ctx.Err() != nil:
		return errors.New("it does not answer")
	case err != nil:
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}
