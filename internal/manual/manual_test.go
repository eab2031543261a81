package manual_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/gin-userlog/userlog/internal/manual"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// program has all kinds of commands, flags and arguments, and texts that shells and troff could take for something else.
type program struct {
	Serve struct {
		Addr  string `help:"Where to listen: host:port; .TH and 'quotes' and \\ mean themselves. Another sentence."`
		Level string `enum:"debug,info," default:"" help:"It's $(false) and [an] example."`
		Quick bool   `help:"Be quick."`
	} `cmd:"" help:"Serve it."`
	Account struct {
		Role struct {
			Name string `arg:"" help:"Whose."`
			Role string `arg:"" enum:"superuser,viewer" help:"Which."`
		} `cmd:"" help:"Set a role."`
		List struct{} `cmd:"" help:"List them."`
	} `cmd:"" help:"Accounts."`
	Secret struct{} `cmd:"" hidden:"" help:"Not told."`
}

func grammar(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(new(program), kong.Name("userlog"), kong.Description("See: what. it is."))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func completion(t *testing.T, shell string) string {
	t.Helper()
	var text strings.Builder
	if err := manual.Completion(&text, grammar(t), shell); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// complete returns what bash offers after words, the last of which is not finished.
func complete(t *testing.T, words ...string) []string {
	t.Helper()
	script := completion(t, "bash") + "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _userlog; printf '%s\\n' \"${COMPREPLY[@]}\"\n"
	output, err := exec.CommandContext(t.Context(), "bash", append([]string{"-c", script, "bash"}, words...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return strings.Fields(string(output))
}

func TestBashCompletes(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"userlog ", "serve account --help"},
		{"userlog a", "account"},
		{"userlog account ", "role list --help"},
		{"userlog account role ada ", "superuser viewer --help"},
		{"userlog account role ada v", "viewer"},
		{"userlog serve --", "--help --addr --level --quick"},
		{"userlog serve --quick --l", "--level"},
		{"userlog serve --level ", "debug info"},
		{"userlog serve --level = ", "debug info"}, // bash makes three words of --level=
		{"userlog serve --level = i", "info"},
		{"userlog serve --level =", "debug info"},
		{"userlog serve --addr ", ""}, // then bash offers files
		{"userlog secret", ""},
		{"userlog serve account ", "--help --addr --level --quick"},
	} {
		if got := complete(t, strings.Split(c.typed, " ")...); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%q: got %q, want %q", c.typed, got, c.want)
		}
	}
}

// Shells that are there must understand what is for them.
func TestShellsTakeTheirCompletions(t *testing.T) {
	for _, shell := range manual.Shells() {
		t.Run(shell, func(t *testing.T) {
			text := completion(t, shell)
			if strings.Contains(text, "secret") {
				t.Error("a hidden command is told")
			}
			check := exec.CommandContext(t.Context(), redistest.Program(t, shell), "-n")
			check.Stdin = strings.NewReader(text)
			if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
	if err := manual.Completion(new(strings.Builder), grammar(t), "csh"); err == nil {
		t.Error("csh is completed")
	}
}

func TestPage(t *testing.T) {
	var page strings.Builder
	if err := manual.Page(&page, grammar(t)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`.SS \&userlog account role \&<name> \&<role>`, `.B \&\-\-addr=STRING`, `.TH and 'quotes' and \e mean themselves. Another sentence.`, `\&Which.`,
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s:\n%s", want, page.String())
		}
	}
	for line := range strings.Lines(page.String()) {
		if strings.Contains(line, "secret") || strings.Contains(line, `\-\-help=`) || strings.HasPrefix(line, "'") {
			t.Errorf("a line of the page is %q", line)
		}
	}
	check := exec.CommandContext(t.Context(), redistest.Program(t, "groff"), "-man", "-ww", "-Tutf8", "-z")
	check.Stdin = strings.NewReader(page.String())
	if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("groff: %v: %s", err, output)
	}
}
