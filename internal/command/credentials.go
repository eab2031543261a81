package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

// credentialOf is the name under which systemd may have the file of a flag, or "".
func credentialOf(flag *kong.Flag) string { return flag.Tag.Get("credential") }

// credential returns the file that systemd has given to the service for a flag (LoadCredential=, SetCredentialEncrypted=), if there is
// one. It does so also if the file can't be looked at: the error comes when the file is read.
func (s *settings) credential(flag *kong.Flag) (path string, ok bool) {
	folder, _ := s.lookup("CREDENTIALS_DIRECTORY")
	name := credentialOf(flag)
	if folder == "" || name == "" {
		return "", false
	}
	path = filepath.Join(folder, name)
	_, err := os.Stat(path)
	return path, !errors.Is(err, fs.ErrNotExist)
}
