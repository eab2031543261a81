package command

import (
	"bufio"
	"os"
	"strings"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
)

// secondFactorFlags say who needs a second factor, and what seals it.
type secondFactorFlags struct {
	RequireSecondFactor string `enum:"none,superusers,all" default:"none" help:"Whose accounts need a second factor, none, superusers or all. Who has none yet can open nothing else than the page on which it is set up."`
	SecondFactorKeyFile string `credential:"second-factor-key" placeholder:"FILE" help:"A file whose first line, of 32 random characters or more, seals the keys of authenticator apps in Redis. Further lines open what they have sealed. By default a key in Redis does."`
}

// apply checks the flags and sets them in options.
func (f secondFactorFlags) apply(options *handlers.Options) error {
	switch f.RequireSecondFactor {
	case "superusers":
		options.RequireSecondFactor = []auth.Role{auth.Superuser}
	case "all":
		options.RequireSecondFactor = auth.Roles()
	}
	if len(options.RequireSecondFactor) > 0 && options.AuthHeader != "" {
		return usage("--require-second-factor is of no use with --auth-header: require it where people log in")
	}
	if f.SecondFactorKeyFile == "" {
		return nil
	}
	file, err := os.Open(f.SecondFactorKeyFile)
	if err != nil {
		return usage("--second-factor-key-file: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if len(line) < auth.MinSeedKey {
			return usage("--second-factor-key-file %s: a line has %d characters: use %d random ones or more, such as openssl rand -base64 32 prints", f.SecondFactorKeyFile, len(line), auth.MinSeedKey)
		}
		options.SecondFactorKeys = append(options.SecondFactorKeys, []byte(line))
	}
	if err := lines.Err(); err != nil {
		return usage("--second-factor-key-file: %w", err)
	}
	if len(options.SecondFactorKeys) == 0 {
		return usage("--second-factor-key-file %s: there is no key in it: put one line into it, such as openssl rand -base64 32 prints", f.SecondFactorKeyFile)
	}
	return nil
}
