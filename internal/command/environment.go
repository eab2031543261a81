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

// environment sets flags that were not typed from the environment. A variable that is set to
// nothing is set: it is how USERLOG_KEY_PREFIX asks for no prefix. kong's own env tags are not
// used because they read the process's environment behind our back.
func environment(lookup func(string) (string, bool)) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if !hasVariable(flag) {
			return nil, nil
		}
		if value, ok := lookup(variable(flag.Name)); ok {
			return value, nil
		}
		return nil, nil
	})
}

// helpWithVariable appends a flag's variable to its help.
func helpWithVariable(value *kong.Value) string {
	if !hasVariable(value.Flag) {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " ($" + variable(value.Flag.Name) + ")."
}
