package deploy

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// prepared is a copy of deploy/ with what deploy/prepare.sh makes.
func prepared(t *testing.T) (folder string) {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"deploy", "docs"} {
		if err := os.CopyFS(filepath.Join(root, name), os.DirFS(filepath.Join(repository, name))); err != nil {
			t.Fatal(err)
		}
	}
	folder = filepath.Join(root, "deploy")
	if err := os.RemoveAll(filepath.Join(folder, "secrets")); err != nil { // somebody's own
		t.Fatal(err)
	}
	var before []byte
	for range 2 { // the second time changes nothing
		if out, err := exec.Command("sh", filepath.Join(folder, "prepare.sh")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		password, err := os.ReadFile(filepath.Join(folder, "secrets/admin-password"))
		if err != nil || len(password) != 48 || before != nil && string(before) != string(password) {
			t.Fatalf("the password has %d bytes, %v", len(password), err)
		}
		before = password
	}
	return folder
}

// composed is what Compose makes of the file.
func composed(t *testing.T, folder string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yaml")}, cli.WithEnv([]string{"USERLOG_HOST=support.example.com", "USERLOG_VERSION=0.2.0"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// The file is one for Compose, and no container may do more than it needs.
func TestCompose(t *testing.T) {
	project := composed(t, prepared(t))
	if got := project.ServiceNames(); !slices.Equal(got, []string{"caddy", "redis", "userlog"}) {
		t.Errorf("the services are %q", got)
	}
	for name, s := range project.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.Privileged || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == 0 || s.PidsLimit == 0 || s.Restart != "unless-stopped" {
			t.Errorf("%s may do too much, or is not kept running: %+v", name, s)
		}
		if _, tag, ok := strings.Cut(s.Image, ":"); !ok || tag == "latest" {
			t.Errorf("%s is %s, which may be anything", name, s.Image)
		}
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); v.Type == types.VolumeTypeBind && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for needed := range s.DependsOn {
			if d := project.Services[needed]; needed != "userlog" && d.HealthCheck == nil { // the image of userlog has one
				t.Errorf("%s waits for %s, of which nobody knows whether it works", name, needed)
			}
		}
	}
	if grace := project.Services["userlog"].StopGracePeriod; grace == nil || time.Duration(*grace) < 18*time.Second {
		t.Errorf("userlog has %v to end", grace)
	}
}

// Redis and userlog run as the file says, and each user of Redis may do what it needs, and no more.
func TestComposeIsPlayed(t *testing.T) {
	folder := prepared(t)
	project := composed(t, folder)
	secrets := filepath.Join(folder, "secrets")
	command := project.Services["redis"].Command[1:]
	for i, word := range command {
		command[i] = strings.ReplaceAll(word, "/etc/redis", secrets)
	}
	socket := startRedis(t, command...)
	for command, want := range map[string]string{"PING": "+PONG", "GET userlog:accounts": "-NOPERM", "AUTH userlog-admin wrong": "-WRONGPASS"} {
		if got := ask(t, socket, command); !strings.HasPrefix(got, want) {
			t.Errorf("Redis answers %s with %s", command, got)
		}
	}
	var env []string
	for name, value := range project.Services["userlog"].Environment {
		env = append(env, name+"="+strings.NewReplacer("/run/secrets", secrets, "redis://userlog-admin@redis:6379/0", "unix://userlog-admin@"+socket).Replace(*value))
	}
	origin := serve(t, userlog(t, env, "serve"))
	wantStatus(t, origin+"/readyz", http.StatusOK)
	wantStatus(t, origin+"/userlog/login", http.StatusOK)
	create := userlog(t, env, "account", "create", "root", "--role", "superuser", "--ask-password")
	create.Stdin = strings.NewReader("a password of some length\n")
	if out, err := create.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	password, err := os.ReadFile(filepath.Join(secrets, "application-password"))
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, socket, "AUTH userlog-application "+string(password)); got != "+OK" {
		t.Errorf("an application is answered %s", got)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(socket), "appendonlydir")); err != nil {
		t.Errorf("Redis keeps nothing: %v", err)
	}
}

// Without a host and a version, Compose says what is missing.
func TestComposeAsks(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(repository, "deploy/compose.yaml")}, cli.WithEnv(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := options.LoadProject(t.Context()); err == nil || !strings.Contains(err.Error(), "say ") {
		t.Errorf("got %v", err)
	}
}
