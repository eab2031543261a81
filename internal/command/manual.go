package command

import (
	"github.com/alecthomas/kong"

	"github.com/gin-userlog/userlog/internal/manual"
)

// completionCommand is "userlog completion".
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Run is called by kong.
func (c *completionCommand) Run(program *kong.Application, std streams) error {
	return manual.Completion(std.out, program, c.Shell)
}

// manualCommand is "userlog man".
type manualCommand struct{}

// Run is called by kong.
func (manualCommand) Run(program *kong.Application, std streams) error {
	return manual.Page(std.out, program)
}
