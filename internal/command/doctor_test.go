//go:build unix

package command_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// The doctor says in sentences what is wrong with Redis and with applications, and its status is that of what is worst.
func TestDoctorOfRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
	client := server.Client(t)
	says := func(what string, so func(result) bool) { // a busy machine's Redis answers late
		t.Helper()
		redistest.Eventually(t, what, func() bool { return so(do(t, nil, "", "doctor", "--redis", server.URL)) })
	}
	drops := regexp.MustCompile(`(?s)^Mend now: Redis drops any key .*\n    Set maxmemory-policy noeviction.*\nLook at: .* does not write each change`)
	says("Redis drops any key", func(done result) bool { return done.status == 2 && drops.MatchString(done.out) })
	if err := client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err(); err != nil {
		t.Fatal(err)
	}
	says("there is nothing to mend now", func(done result) bool { return done.status == 1 && !strings.Contains(done.out, "Mend now") })
	if err := client.ConfigSet(t.Context(), "appendonly", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "there is a superuser", func() bool {
		done := do(t, nil, password+"\n"+password+"\n", "account", "create", "root", "--role", "superuser", "--ask-password", "--redis", server.URL)
		return done.status == 0 || strings.Contains(done.err, "there is an account") // whose creation was confirmed too late
	})
	application := openStore(t, server.URL, store.Options{Application: "shop\x1b[2J"})
	application.Announce()
	says("nothing is wrong", func(done result) bool { return done.status == 0 && done.out == "Nothing is wrong.\n" })
	redistest.Eventually(t, "nothing is wrong, as JSON", func() bool {
		done := do(t, nil, "", "doctor", "--json", "--redis", server.URL)
		return done.status == 0 && done.out == "{\n  \"findings\": []\n}\n"
	})
	application.Record(store.Entry{Username: "a\x00"})
	redistest.Eventually(t, "the loss is told", func() bool {
		application.Announce()
		done := do(t, nil, "", "doctor", "--redis", server.URL)
		return done.status == 1 && !strings.Contains(done.out, "\x1b") && strings.Contains(done.out, `did not record since its start: 1`)
	})
	server.Kill()
	if done := do(t, nil, "", "doctor", "--redis", server.URL); done.status != 2 || !regexp.MustCompile(`^Mend now: Redis at .* can't be reached \(.*\)\.\n    Start it there, or say with --redis or USERLOG_REDIS where it is\.\n$`).MatchString(done.out) {
		t.Errorf("without Redis: status %d:\n%s%s", done.status, done.out, done.err)
	}
}

// front is a proxy in front of the admin, which a test spoils.
type front struct {
	t      *testing.T
	target *url.URL
	proxy  *httputil.ReverseProxy
}

// newFront returns a proxy that is right, for the program r.
func newFront(t *testing.T, r *running) *front {
	t.Helper()
	target, err := url.Parse(r.origin(t))
	if err != nil {
		t.Fatal(err)
	}
	return &front{t, target, &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Host = p.In.Host
		p.SetXForwarded()
	}}}
}

// rewritten adds what the proxy does to requests.
func (f *front) rewritten(change func(*http.Request)) {
	before := f.proxy.Rewrite
	f.proxy.Rewrite = func(p *httputil.ProxyRequest) { before(p); change(p.Out) }
}

// answered adds what the proxy does to answers.
func (f *front) answered(change func(*http.Response)) {
	f.proxy.ModifyResponse = func(r *http.Response) error { change(r); return nil }
}

// examination is a run of the doctor through a proxy.
type examination struct {
	found []string // names
	says  string   // all of it
}

// through runs the doctor at the address of a proxy.
func through(t *testing.T, address string, flags ...string) examination {
	t.Helper()
	done := do(t, nil, "", append([]string{"doctor", "--json", "--stay", "5s", "--url", address}, flags...)...)
	var answer struct {
		Findings []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(done.out), &answer); err != nil {
		t.Fatalf("%s: %v\n%s", done.out, err, done.err)
	}
	e := examination{says: done.out}
	for _, f := range answer.Findings {
		e.found = append(e.found, f.Name)
	}
	return e
}

// authority returns a file with the certificate of a test's server.
func authority(t *testing.T, server *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What a proxy gets wrong is found, and nothing is where it gets nothing wrong.
func TestDoctorOfAProxy(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--secure-cookies", "--trusted-proxies", "127.0.0.1", "--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "has been created")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(regexp.MustCompile(`\S{30,}`).FindString(do(t, nil, "", "account", "token", "root", "--label", "doctor", "--redis", server.URL).out)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	only := func(path string, change func(*http.Request)) func(*front) {
		return func(f *front) {
			f.rewritten(func(r *http.Request) {
				if strings.HasSuffix(r.URL.Path, path) {
					change(r)
				}
			})
		}
	}
	header := func(name string, values ...string) func(*front) {
		return func(f *front) {
			f.answered(func(r *http.Response) {
				if r.Header.Del(name); len(values) > 0 {
					r.Header[name] = values
				}
			})
		}
	}
	redirect := func(to string) func(*front) {
		return func(f *front) {
			f.answered(func(r *http.Response) {
				if r.Header.Get("Location") != "" {
					r.Header.Set("Location", strings.ReplaceAll(to, "HOST", r.Request.Host))
				}
			})
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(*front)
		want  []string
	}{
		{"nothing", func(*front) {}, nil},
		{"no upgrade", func(f *front) {
			f.rewritten(func(r *http.Request) { r.Header.Del("Upgrade"); r.Header.Del("Connection") })
		}, []string{"no-upgrade"}},
		{"another host", func(f *front) { f.rewritten(func(r *http.Request) { r.Host = "backend.example" }) }, []string{"host-changed"}},
		{"no policy", header("Content-Security-Policy"), []string{"policy-missing"}},
		{"two policies", func(f *front) {
			f.answered(func(r *http.Response) { r.Header.Add("Content-Security-Policy", "img-src 'none'") })
		}, []string{"policy-added"}},
		{"no transport security", header("Strict-Transport-Security"), []string{"strict-transport"}},
		{"a path too short", only("", func(r *http.Request) { r.URL.Path = strings.TrimPrefix(r.URL.Path, "/userlog/assets") }), []string{"assets"}},
		{"no compression", func(f *front) { f.rewritten(func(r *http.Request) { r.Header.Del("Accept-Encoding") }) }, []string{"uncompressed"}},
		{"no cookies", func(f *front) { f.rewritten(func(r *http.Request) { r.Header.Del("Cookie") }) }, []string{"cookies-lost"}},
		{"insecure cookies", func(f *front) {
			f.answered(func(r *http.Response) {
				for i, cookie := range r.Header["Set-Cookie"] {
					r.Header["Set-Cookie"][i] = strings.ReplaceAll(cookie, "; Secure", "")
				}
			})
		}, []string{"cookies-insecure"}},
		{"no forms", only("/theme", func(r *http.Request) { r.URL.Path = "/userlog/nowhere" }), []string{"forms"}},
		{"a wrong path", func(f *front) { f.rewritten(func(r *http.Request) { r.URL.Path = "/nowhere" }) }, []string{"no-page"}},
		{"a backend that is away", func(f *front) { f.target.Host = "127.0.0.1:1" }, []string{"proxy-error"}},
		{"something else", func(f *front) {
			f.answered(func(r *http.Response) {
				r.StatusCode, r.Body, r.ContentLength = http.StatusOK, io.NopCloser(strings.NewReader("hello")), 5
				r.Header.Set("Content-Length", "5")
			})
		}, []string{"not-userlog"}},
		{"a redirect elsewhere", redirect("https://login.example/"), []string{"redirect-away"}},
		{"a redirect without encryption", redirect("http://HOST/userlog/login"), []string{"redirect-plain"}},
		{"a redirect to another port", redirect("https://127.0.0.1:9/userlog/"), []string{"redirect-port"}},
		{"a redirect to itself", redirect("/userlog/"), []string{"redirect-loop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, r)
			c.spoil(f)
			https := httptest.NewTLSServer(f.proxy)
			defer https.Close()
			if e := through(t, https.URL+"/userlog/", "--url-ca", authority(t, https)); !slices.Equal(e.found, c.want) {
				t.Errorf("found %q, want %q:\n%s", e.found, c.want, e.says)
			}
			if c.name != "no upgrade" && c.name != "nothing" {
				return
			}
			if e := through(t, https.URL+"/userlog", "--url-ca", authority(t, https), "--token-file", token); !slices.Equal(e.found, c.want) {
				t.Errorf("with a token: found %q, want %q:\n%s", e.found, c.want, e.says)
			}
		})
	}
	application := openStore(t, server.URL, store.Options{})
	record(application, "userlog-doctor", "/") // so that a socket has something to say at once
	awaitWritten(t, application, 1)
	for name, l := range map[string]droppingListener{
		"socket-silent": {keeps: func([]byte) []byte { return nil }},
		"no-pong":       {keeps: func(frames []byte) []byte { return bytes.TrimPrefix(frames, []byte{0x8A, 0}) }},
		"socket-cut":    {keeps: func(frames []byte) []byte { return frames }, after: 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := httptest.NewUnstartedServer(newFront(t, r).proxy)
			l.Listener = plain.Listener
			plain.Listener = l
			plain.Start()
			defer plain.Close()
			if e := through(t, plain.URL+"/userlog/", "--token-file", token); !slices.Equal(e.found, []string{name}) {
				t.Errorf("found %q:\n%s", e.found, e.says)
			}
		})
	}
	t.Run("a token that is none", func(t *testing.T) {
		t.Parallel()
		if e := through(t, r.origin(t)+"/userlog/", "--token-file", passwordFile(t)); !slices.Contains(e.found, "token") {
			t.Errorf("found %q:\n%s", e.found, e.says)
		}
	})
	t.Run("a certificate that nobody knows", func(t *testing.T) {
		t.Parallel()
		https := httptest.NewTLSServer(newFront(t, r).proxy)
		defer https.Close()
		if e := through(t, https.URL+"/userlog/"); !slices.Equal(e.found, []string{"certificate"}) {
			t.Errorf("found %q:\n%s", e.found, e.says)
		}
		for address, want := range map[string]string{
			strings.Replace(r.origin(t), "http:", "https:", 1): "no-tls",
			"http://127.0.0.1:1/userlog/":                      "unreachable",
			"http://nowhere.invalid/userlog/":                  "no-name",
		} {
			if e := through(t, address); !slices.Equal(e.found, []string{want}) {
				t.Errorf("%s: found %q:\n%s", address, e.found, e.says)
			}
		}
	})
}

// droppingListener drops some of what is written to sockets, and cuts them.
type droppingListener struct {
	net.Listener
	keeps func([]byte) []byte
	after time.Duration // 0 = they are not cut
}

func (l droppingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &droppingConn{Conn: conn, listener: l}, nil
}

type droppingConn struct {
	net.Conn
	listener droppingListener
	upgraded bool
}

func (c *droppingConn) Write(b []byte) (int, error) {
	if c.upgraded {
		_, err := c.Conn.Write(c.listener.keeps(b))
		return len(b), err
	}
	if bytes.HasPrefix(b, []byte("HTTP/1.1 101 ")) {
		if c.upgraded = true; c.listener.after > 0 {
			time.AfterFunc(c.listener.after, func() { c.Conn.Close() })
		}
	}
	return c.Conn.Write(b)
}

// Without https nobody can log in from another machine.
func TestDoctorOfPlainHTTP(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--allowed-hosts", "0.0.0.0")
	// This address leads to the machine itself, and is not known as one of its own, as that of another one is not.
	if e := through(t, strings.Replace(r.origin(t), "127.0.0.1", "0.0.0.0", 1)); !slices.Contains(e.found, "plain-http") {
		t.Errorf("found %q:\n%s", e.found, e.says)
	}
}

// A program that is reached by a name that it does not know, and one that is not encrypted.
func TestDoctorOfTheProgramItself(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--allowed-hosts", "support.example")
	if e := through(t, r.origin(t)); !slices.Equal(e.found, []string{"host-refused"}) {
		t.Errorf("found %q:\n%s", e.found, e.says)
	}
	certificates := redistest.NewCertificates(t) // for an hour
	https := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--tls-cert", certificates.Cert, "--tls-key", certificates.Key)
	if e := through(t, https.origin(t), "--url-ca", certificates.CA); !slices.Equal(e.found, []string{"certificate-ends"}) {
		t.Errorf("found %q:\n%s", e.found, e.says)
	}
}
