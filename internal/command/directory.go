package command

import (
	"log/slog"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/directory"
)

// directoryFlags say where the watched application tells who its users are.
type directoryFlags struct {
	DirectoryURL        string   `name:"directory-url" placeholder:"URL" help:"Where the application says who its users are, as docs/embedding.md describes: https://shop.example.com/internal/people."`
	DirectorySecretFile string   `credential:"directory-secret" placeholder:"FILE" help:"The file whose first line is sent to --directory-url as a Bearer token; read again each time."`
	FactHost            []string `placeholder:"HOST" help:"A host, such as crm.example.com, to which addresses from --directory-url may lead; repeat it for more."`
}

// apply checks the flags and sets them in options. Call end when the directory is used no more.
func (f directoryFlags) apply(options *handlers.Options, log *slog.Logger) (end func(), err error) {
	if f.DirectoryURL == "" {
		if f.DirectorySecretFile != "" || len(f.FactHost) > 0 {
			return nil, usage("--directory-secret-file and --fact-host are of no use without --directory-url: set %s", variable("directory-url"))
		}
		return func() {}, nil
	}
	if err := directory.CheckURL(f.DirectoryURL); err != nil {
		return nil, usage("--directory-url: %w", err)
	}
	secret := func() string { return "" }
	if f.DirectorySecretFile != "" {
		file, err := openSecret("directory-secret-file", f.DirectorySecretFile, log)
		if err != nil {
			return nil, err
		}
		secret = file.current
	}
	remote := directory.NewRemote(f.DirectoryURL, secret)
	options.Directory, options.FactHosts = remote, f.FactHost
	return remote.Close, nil
}
