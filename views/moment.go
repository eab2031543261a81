package views

import "time"

// moment is a time as templates show it.
type moment struct {
	Timestamp string // as relative-time reads it
	UTC       string // what is shown where there is no script to say it in the reader's way
}

func momentOf(t time.Time) moment { return moment{timestamp(t), utc(t)} }

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
