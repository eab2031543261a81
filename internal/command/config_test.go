//go:build unix

package command_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// configFile returns a file with settings.
func configFile(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "userlog.toml")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is typed goes before the environment, and that before the file. Each says where it is from.
func TestConfigHasAnOrder(t *testing.T) {
	t.Parallel()
	file := configFile(t, `# a comment`, `addr = "127.0.0.1:1"`, `base-path = "/file"`, `language = "fr"`, `max-entries = 50`, `retention = "30m"`,
		`secure-cookies = true`, `allowed-hosts = ["a.example", "b.example"]`, `trusted-proxies = ["10.0.0.0/8"]`, `log-level = "warn"`, `parts = 3`)
	done := do(t, environ{"USERLOG_CONFIG": file, "USERLOG_BASE_PATH": "/environment", "USERLOG_LANGUAGE": "de"}, "", "config", "--language", "ar")
	for _, want := range []string{
		`addr = "127.0.0.1:1" # from ` + file, `base-path = "/environment" # from the environment, as USERLOG_BASE_PATH`, `language = "ar" # from the command line`,
		`max-entries = 50 # from ` + file, `retention = "30m0s" # from ` + file, `secure-cookies = true # from ` + file,
		`allowed-hosts = ["a.example", "b.example"] # from ` + file, `trusted-proxies = ["10.0.0.0/8"] # from ` + file, `log-level = "warn" # from ` + file,
		`# drain = "5s"`, `# redis = ""`, `# max-connections = 4096`,
	} {
		if !strings.Contains("\n"+done.out, "\n"+want+"\n") {
			t.Errorf("there is no line %s", want)
		}
	}
	if done.status != 0 || t.Failed() {
		t.Errorf("status %d:\n%s%s", done.status, done.out, done.err)
	}
	again := configFile(t, done.out)
	if second := do(t, nil, "", "config", "--config", again); second.status != 0 || !strings.Contains(second.out, `base-path = "/environment" # from `+again) {
		t.Errorf("what it prints is no file for it: status %d, %s", second.status, second.err)
	}
}

// No secret is printed.
func TestConfigMasksSecrets(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"redis://user:canary@localhost:6379/0":                                   "redis://user:***@localhost:6379/0",
		"redis://:ca%2Fnary@localhost":                                           "redis://:***@localhost",
		"redis://s:canary@a:1?addr=b:2&master_name=m&username=u&password=canary": "redis://s:***@a:1?addr=b:2&master_name=m&username=u&password=***",
		"redis://user:can ary@%zz":                                               "***@%zz",
		"redis://user@localhost":                                                 "redis://user@localhost",
	} {
		done := do(t, environ{"USERLOG_REDIS": address}, "", "config", "--redis-password-file", "/run/redis")
		if done.status != 0 || !strings.Contains(done.out, "redis = \""+want+"\" # from the environment") || strings.Contains(done.out, "nary") {
			t.Errorf("%s: status %d, %s%s", address, done.status, done.out, done.err)
		}
		if !strings.Contains(done.out, `redis-password-file = "/run/redis" #`) {
			t.Errorf("the name of the file is not shown: %s", done.out)
		}
	}
}

// A mistake in the file is named, with its line or the name that is meant, and no value of it.
func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`base_path = "/canary"`:         `there is no setting "base_path": do you mean base-path\?`,
		`reddis = "canary"`:             `there is no setting "reddis": do you mean redis\?`,
		`Retention = "canary"`:          `there is no setting "Retention": do you mean retention\?`,
		`something-else-entirely = 1`:   `there is no setting "something-else-entirely"; userlog serve --help has all`,
		`config = "/canary"`:            `there is no setting "config"`,
		`help = true`:                   `there is no setting "help"`,
		"[serve]\naddr = \":canary\"":   `there is no setting "serve"`,
		"addr = \":1\"\nredis = canary": `line 2 can't be read`,
		`addr = 1.5`:                    `addr has no value that a flag could have`,
		`allowed-hosts = [1]`:           `allowed-hosts has no value`,
		`max-entries = 0`:               `--max-entries is 0`,
		`retention = "long"`:            `--retention: "long" is not a duration`,
		`addr = "127.0.0.1:1"` + "\x00": `line 1 can't be read`,
	} {
		done := do(t, nil, "", "serve", "--config", configFile(t, line))
		if done.status != 2 || !regexp.MustCompile(want).MatchString(done.err) || strings.Contains(done.err, "canary") || strings.Count(done.err, "\n") != 1 {
			t.Errorf("%q: status %d, %s", line, done.status, done.err)
		}
	}
	if done := do(t, nil, "", "serve", "--config", "/nowhere"); done.status != 2 || !strings.Contains(done.err, "--config: open /nowhere: no such file") {
		t.Errorf("no file: status %d, %s", done.status, done.err)
	}
}

// All commands read the same file, and leave alone what they have no flag for.
func TestConfigIsForAllCommands(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	file := configFile(t, `redis = "`+server.URL+`"`, `addr = "127.0.0.1:0"`, `base-path = "/support"`, `drain = "0s"`)
	r := start(t, nil, "serve", "--config", file)
	if p := visit(t, r.origin(t)).get("/support/login"); p.status != http.StatusOK {
		t.Errorf("the login: status %d", p.status)
	}
	if done := do(t, nil, "", "account", "list", "--config="+file); done.status != 0 || !strings.Contains(done.out, "no accounts yet") {
		t.Errorf("account list: status %d, %s%s", done.status, done.out, done.err)
	}
}

// The file of the docs is one.
func TestConfigOfTheDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```toml\n")
	block, _, found := strings.Cut(rest, "```")
	done := do(t, nil, "", "config", "--config", configFile(t, block))
	if !found || done.status != 0 || strings.Count(done.out, " # from ") != strings.Count(block, "\n") {
		t.Errorf("status %d, %s%s", done.status, done.out, done.err)
	}
}

// A credential of systemd stands in for the file of a secret, where nothing else names one.
func TestConfigTakesCredentials(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"redis-password", "tls-key", "audit", "audit-key", "second-factor-key"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("canary"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := configFile(t, `tls-key = "/etc/key.pem"`)
	env := environ{"CREDENTIALS_DIRECTORY": folder, "USERLOG_CONFIG": file, "USERLOG_SECOND_FACTOR_KEY_FILE": "/run/key"}
	done := do(t, env, "", "config")
	for _, want := range []string{
		`redis-password-file = "` + folder + `/redis-password" # from systemd, as the credential redis-password`, `tls-key = "/etc/key.pem" # from ` + file,
		`second-factor-key-file = "/run/key" # from the environment, as USERLOG_SECOND_FACTOR_KEY_FILE`, `# audit-file = ""`,
		`audit-key-file = "` + folder + `/audit-key" # from systemd, as the credential audit-key`, `# tls-cert = ""`,
	} {
		if !strings.Contains("\n"+done.out, "\n"+want+"\n") {
			t.Errorf("there is no line %s", want)
		}
	}
	if done.status != 0 || strings.Contains(done.out, "canary") || t.Failed() {
		t.Errorf("status %d:\n%s%s", done.status, done.out, done.err)
	}
	if help := do(t, nil, "", "serve", "--help"); !strings.Contains(strings.Join(strings.Fields(help.out), " "), "($USERLOG_REDIS_PASSWORD_FILE, or systemd's credential redis-password)") {
		t.Error("the help does not name the credential")
	}
}
