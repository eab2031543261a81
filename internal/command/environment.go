package command

import (
	"strings"

	"github.com/alecthomas/kong"
)

// variable is the environment variable of a flag: USERLOG_KEY_PREFIX for --key-prefix.
func variable(flag string) string {
	return "USERLOG_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// hasVariable says whether a flag can be set in the environment: all but those that ask a question.
func hasVariable(flag *kong.Flag) bool {
	return flag != nil && flag.Name != "help" && flag.Name != "version"
}

// helpWithVariable appends a flag's variable to its help, and its credential.
func helpWithVariable(value *kong.Value) string {
	if !hasVariable(value.Flag) {
		return value.Help
	}
	sources := "$" + variable(value.Flag.Name)
	if name := credentialOf(value.Flag); name != "" {
		sources += ", or systemd's credential " + name
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + sources + ")."
}
