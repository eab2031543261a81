// Package admin measures the admin: its pages, its search, its login, and how entries reach those who watch.
package admin
