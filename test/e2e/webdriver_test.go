package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// driver speaks WebDriver with one browser. Firefox speaks it by itself, by a protocol of its own (Marionette), and WebKit by a
// program that serves it by HTTP. So no library is needed, and no program that Debian lacks.
type driver interface {
	call(c command, parameters map[string]any) (json.RawMessage, error)
	offline(away bool) error // takes the network from the browser, or gives it back
	pid() int
}

// command is a command of WebDriver by its two names: the path below the session for HTTP, and the name for Marionette.
type command struct{ path, name string }

// The commands that the tests need.
var (
	cmdNavigate = command{"/url", "WebDriver:Navigate"}
	cmdScript   = command{"/execute/sync", "WebDriver:ExecuteScript"}
	cmdFind     = command{"/element", "WebDriver:FindElement"}
	cmdClick    = command{"/element/{id}/click", "WebDriver:ElementClick"}
	cmdKeys     = command{"/element/{id}/value", "WebDriver:ElementSendKeys"}
	cmdContext  = command{name: "Marionette:SetContext"} // of scripts: the page, or Firefox itself
)

// elementKey is under what WebDriver names an element.
const elementKey = "element-6066-11e4-a52e-4f735466cecf"

// launch starts a process of a browser, which ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Env = append(cmd.Environ(), "TZ=UTC", "LANGUAGE=en_US", "LC_ALL=C.UTF-8", "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd, err)
	}
	t.Cleanup(func() {
		for _, pid := range processesBelow(cmd.Process.Pid) {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill() // one that has ended needs none
			}
		}
		_ = cmd.Wait()
	})
}

// preferences of Firefox: it looks for nothing on the network, and writes the port of Marionette into the profile.
const preferences = `
user_pref("marionette.port", 0);
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("intl.accept_languages", "en-US");
user_pref("network.disable-localhost-when-offline", true);
`

// marionette is Firefox.
type marionette struct {
	cmd  *exec.Cmd
	conn net.Conn
	in   *bufio.Reader
	last int
}

// openFirefox starts Firefox, and returns nil where there is none.
func openFirefox(t *testing.T) driver { return startFirefox(t, preferences) }

// openPlainFirefox starts a Firefox in which pages have no scripts. Those of tests run.
func openPlainFirefox(t *testing.T) driver {
	return startFirefox(t, preferences+`user_pref("javascript.enabled", false);`)
}

func startFirefox(t *testing.T, preferences string) driver {
	t.Helper()
	path, err := exec.LookPath("firefox-esr") // as Debian calls it
	if err != nil {
		path, err = exec.LookPath("firefox")
	}
	if err != nil {
		return nil
	}
	profile := t.TempDir()
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &marionette{cmd: exec.Command(path, "--headless", "--no-remote", "--profile", profile, "--marionette", "--remote-allow-system-access")}
	launch(t, m.cmd)
	redistest.Eventually(t, "Firefox listens", func() bool {
		port, err := os.ReadFile(filepath.Join(profile, "MarionetteActivePort"))
		if err != nil || len(port) == 0 {
			return false
		}
		m.conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port))))
		return err == nil
	})
	t.Cleanup(func() { m.conn.Close() })
	m.in = bufio.NewReader(m.conn)
	if _, err := m.receive(); err != nil { // it introduces itself
		t.Fatal(err)
	}
	if _, err := m.call(command{name: "WebDriver:NewSession"}, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *marionette) pid() int { return m.cmd.Process.Pid }

// receive reads one message: its length, a colon, and JSON.
func (m *marionette) receive() ([]byte, error) {
	_ = m.conn.SetDeadline(time.Now().Add(patience))
	length, err := m.in.ReadString(':')
	if err != nil {
		return nil, fmt.Errorf("hear from Firefox: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(m.in, message)
	return message, err
}

func (m *marionette) call(c command, parameters map[string]any) (json.RawMessage, error) {
	m.last++
	message, err := json.Marshal([]any{0, m.last, c.name, parameters})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(message), message); err != nil {
		return nil, err
	}
	if message, err = m.receive(); err != nil {
		return nil, err
	}
	answer := []json.RawMessage{}
	if err := json.Unmarshal(message, &answer); err != nil {
		return nil, err
	}
	if failure := string(answer[2]); failure != "null" {
		return nil, errors.New(failure)
	}
	var result struct{ Value json.RawMessage }
	err = json.Unmarshal(answer[3], &result)
	return result.Value, err
}

// offline does what the entry "Work Offline" of Firefox' menu does, which tells pages as the loss of a network does.
func (m *marionette) offline(away bool) error {
	if _, err := m.call(cmdContext, map[string]any{"value": "chrome"}); err != nil {
		return err
	}
	_, err := m.call(cmdScript, map[string]any{"script": "Services.io.offline = arguments[0]", "args": []any{away}})
	_, back := m.call(cmdContext, map[string]any{"value": "content"})
	return errors.Join(err, back)
}

// miniBrowser is where Debian puts the browser of WebKitGTK.
const miniBrowser = "/usr/lib/*/webkit2gtk-4.1/MiniBrowser"

// httpDriver is a browser behind a program that serves WebDriver.
type httpDriver struct {
	cmd     *exec.Cmd
	session string // URL
}

// openWebKit starts WebKitGTK on a screen that nobody sees, and returns nil where there is none.
func openWebKit(t *testing.T) driver { return startWebKit(t) }

// openPlainWebKit starts a WebKitGTK in which pages have no scripts. Those of tests run.
func openPlainWebKit(t *testing.T) driver { return startWebKit(t, "--enable-javascript=false") }

func startWebKit(t *testing.T, arguments ...string) driver {
	t.Helper()
	found, _ := filepath.Glob(miniBrowser)
	path, err := exec.LookPath("WebKitWebDriver")
	screen, screenErr := exec.LookPath("Xvfb")
	if len(found) == 0 || err != nil || screenErr != nil {
		return nil
	}
	port := redistest.FreePort(t)
	d := &httpDriver{cmd: exec.Command(path, "--host=127.0.0.1", "--port="+port)}
	d.cmd.Env = append(os.Environ(), "DISPLAY="+openScreen(t, screen), "GDK_BACKEND=x11", "LIBGL_ALWAYS_SOFTWARE=1",
		"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1", "NO_AT_BRIDGE=1") // root and most containers can't have a sandbox, and the pages are our own
	launch(t, d.cmd)
	options := map[string]any{"binary": found[0], "args": append([]string{"--automation"}, arguments...)}
	asked := map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{"webkitgtk:browserOptions": options}}}
	d.session = "http://127.0.0.1:" + port + "/session"
	var session struct{ SessionID string }
	redistest.Eventually(t, "WebKit answers", func() bool {
		answer, err := d.call(command{}, asked)
		return err == nil && json.Unmarshal(answer, &session) == nil
	})
	d.session += "/" + session.SessionID
	return d
}

// openScreen starts a screen, and returns its name.
func openScreen(t *testing.T, path string) (display string) {
	t.Helper()
	cmd := exec.Command(path, "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, cmd)
	name, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb does not say its display: %v", err)
	}
	return ":" + strings.TrimSpace(name)
}

// offline has the page hear that the network is away. Neither WebDriver nor MiniBrowser can take it away, so the test's proxy lets nothing
// through meanwhile.
func (d *httpDriver) offline(away bool) error {
	event := "online"
	if away {
		event = "offline"
	}
	_, err := d.call(cmdScript, map[string]any{"script": "dispatchEvent(new Event(arguments[0]))", "args": []any{event}})
	return err
}

func (d *httpDriver) pid() int { return d.cmd.Process.Pid }

func (d *httpDriver) call(c command, parameters map[string]any) (json.RawMessage, error) {
	path := c.path
	if id, ok := parameters["id"].(string); ok {
		path = strings.Replace(path, "{id}", id, 1)
	}
	body, err := json.Marshal(parameters)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: patience}
	res, err := client.Post(d.session+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(string(answer.Value))
	}
	return answer.Value, nil
}
