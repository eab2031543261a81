//go:build !unix

package command

// maxFiles is how many files and connections the process may have open, or 0 where that is not known.
func maxFiles() int { return 0 }
