package e2e

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// console collects what a page complains about: warnings and errors on its console, which is where
// Chromium reports violations of the Content-Security-Policy, exceptions, and dialogs.
type console struct {
	dismiss func() // closes a dialog, which would hold up the page

	mu         sync.Mutex
	complaints []string
	expected   []string
}

// hear is called by chromedp for each event of the tab, in order. It must not wait.
func (c *console) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			c.add("console." + string(e.Type) + ": " + describe(e.Args))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		c.add("exception: " + text)
	case *log.EventEntryAdded:
		switch e.Entry.Level {
		case log.EntryLevelError, log.EntryLevelWarning:
			c.add(fmt.Sprintf("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *page.EventJavascriptDialogOpening:
		c.add(fmt.Sprintf("dialog: %s %q", e.Type, e.Message))
		go c.dismiss()
	}
}

func describe(arguments []*runtime.RemoteObject) string {
	var words []string
	for _, a := range arguments {
		if a.Description != "" {
			words = append(words, a.Description)
		} else {
			words = append(words, string(a.Value))
		}
	}
	return strings.Join(words, " ")
}

func (c *console) add(complaint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complaints = append(c.complaints, complaint)
}

// expect excuses complaints that contain one of the parts: those of what the test itself is about to
// cause.
func (c *console) expect(parts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expected = append(c.expected, parts...)
}

// unexpected returns the complaints that no test has announced.
func (c *console) unexpected() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for _, complaint := range c.complaints {
		if !containsAny(complaint, c.expected) {
			found = append(found, complaint)
		}
	}
	return found
}

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
