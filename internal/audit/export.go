package audit

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/gin-userlog/userlog/internal/printable"
)

// WriteJSON writes records as JSON, one object a line. Each line can be checked by itself: see
// [Record.MarshalJSON]. It stops at the first error, of records or of w, and returns it.
func WriteJSON(w io.Writer, records iter.Seq2[Record, error]) error {
	out := bufio.NewWriter(w)
	for r, err := range records {
		if err != nil {
			return err
		}
		// As it is: encoding/json would write some of what is escaped in another way.
		line, err := r.MarshalJSON()
		if err == nil {
			_, err = out.Write(append(line, '\n'))
		}
		if err != nil {
			return fmt.Errorf("write the audit log as JSON: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the audit log as JSON: %w", err)
	}
	return nil
}

// csvHeader names the columns of [WriteCSV].
var csvHeader = [...]string{
	"seq", "time", "actor", "role", "action", "subject", "address", "via", "reason", "duration", "began", "detail", "hash", "ring",
	"actor-not", "subject-not",
}

// WriteCSV writes records as comma-separated values, after a line of column names. Texts stand as pages show them: what can't be seen
// of a name stands as its number, such as "ada[U+200B]", and actor-not and subject-not are the names that a reader would take
// names for. [WriteJSON] has names as they are. A text that a spreadsheet would take for a formula gets an apostrophe in front, also where the spreadsheet takes
// semicolons or tabs for the ends of cells. WriteCSV stops at the first error, of records or of w, and
// returns it.
func WriteCSV(w io.Writer, records iter.Seq2[Record, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader[:]); err != nil {
		return fmt.Errorf("write the audit log as CSV: %w", err)
	}
	for r, err := range records {
		if err != nil {
			return err
		}
		if err := out.Write(csvRow(r)); err != nil {
			return fmt.Errorf("write the audit log as CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the audit log as CSV: %w", err)
	}
	return nil
}

func csvRow(r Record) []string {
	var duration, began string
	if r.Action == ViewEnded {
		duration = strconv.FormatFloat(r.Duration.Seconds(), 'f', 3, 64)
		began = strconv.FormatInt(r.Began, 10)
	}
	row := []string{
		strconv.FormatInt(r.Seq, 10), r.Time.Format(timeFormat), printable.Name(r.Actor), r.Role, string(r.Action), printable.Name(r.Subject),
		r.Address, r.Via, r.Reason, duration, began, r.Detail, r.Hash, r.Ring, lookalike(r.Actor), lookalike(r.Subject),
	}
	for i, text := range row {
		row[i] = plain(printable.Text(text))
	}
	return row
}

// lookalike is the name that a reader would take another one for, "" for none.
func lookalike(name string) string {
	other, _ := printable.Lookalike(name)
	return printable.Name(other)
}

// Characters that decide whether a spreadsheet takes a text for a formula.
const (
	formula   = "=+-@"      // they begin a formula
	blank     = "\t\r\n"    // a cell had better not begin with one
	separator = ";" + blank // some programs begin a new cell behind one
)

// plain makes a text into a cell that is no formula, and that no program splits into cells with one.
func plain(text string) string {
	var b strings.Builder
	begins := true
	for i, r := range text {
		as := plainForm(r)
		if begins && strings.ContainsRune(formula, as) || i == 0 && strings.ContainsRune(blank, as) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = strings.ContainsRune(separator, as) || begins && isSkipped(as)
	}
	return b.String()
}

// plainForm is the character that some programs take a character for: = for the wide ＝, - for every other minus.
func plainForm(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r == '−':
		return '-'
	}
	form, _ := utf8.DecodeRuneInString(norm.NFKC.String(string(r)))
	return form
}

// isSkipped reports whether some programs pass over a character at the beginning of a cell: blanks, quotes, and what can't be seen.
func isSkipped(r rune) bool {
	return r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r)
}
