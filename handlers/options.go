package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// Options configure the admin. The zero value has its own login, and speaks the reader's language.
type Options struct {
	// Identify makes the host application's own login the admin's. It returns the name and the role of
	// the person who makes the request. A person without a role is refused. Our login page does not
	// exist then. Identify is called for every request to the admin. Open sockets connect again every
	// minute, so that it is called for them, too. Default: nil.
	Identify func(*gin.Context) (name string, role auth.Role)

	// LoginURL is where people log in where Identify or AuthHeader is set: a path such as
	// /login?next={next}, or a URL. A browser in which nobody is logged in is sent there. {next} is
	// replaced by where to lead back after the login: a path of the admin or, for a URL, its address.
	// Identify should return the name also of a person who has no role. A person without a name is sent
	// to the login, and refused when she comes back at once. Default: "", such persons are refused.
	LoginURL string

	// IdentifyToken makes the host application's tokens for programs the admin's. It returns the name and
	// the role of the account whose token the request bears, or no name. It is called for requests to the
	// API and the live socket that bear no token of ours. It must not read cookies, because other sites
	// can have a browser send them. Default: nil, only our tokens count.
	IdentifyToken func(*gin.Context) (name string, role auth.Role)

	// AuthHeader makes the login of a proxy in front the admin's. It is the header, such as
	// X-Forwarded-User, in which the proxy names the person whom it has authenticated. It is believed
	// only in requests from TrustedProxies, which must be set. The proxy must remove the header from
	// what its clients send. An account of that name gives the role. Our login page does not exist then.
	// Open sockets connect again every minute, so that the proxy is asked again. Default: "", none.
	AuthHeader string

	// AuthHeaderRole is the role of those whom the proxy names and who have no account. Default: "",
	// they are refused.
	AuthHeaderRole auth.Role

	// SingleSignOn is a provider at which people log in. It is asked again about each of their sessions, three times a minute. Our login
	// form does not exist then. Default: nil.
	SingleSignOn SingleSignOn

	// TrustedProxies are the addresses of proxies whose headers are believed. X-Forwarded-For, or else
	// Forwarded, tells the client's address, for the limit of logins and the audit log. The others are
	// X-Forwarded-Prefix and AuthHeader. Where AuthHeader is set, the proxies can't be all addresses. Default: none.
	TrustedProxies []netip.Prefix

	// ExternalPrefix is what a proxy in front takes off the path before the request arrives here, such as
	// /app where https://example.com/app/userlog/ is /userlog/ to this program. Links, redirects, cookies
	// and assets have it in front. One of TrustedProxies can say it with each request instead, in
	// X-Forwarded-Prefix. Default: "", nothing.
	ExternalPrefix string

	// Directory is what the application knows of its users, so that agents find them by what customers say: a name, an address, the number
	// of an order. Its answers are shown in the search, above logs, in lists of users, and in summaries. A directory that is
	// slow, fails or panics costs a second at most, and pages say so. Answers are kept for a minute. Default: nil, users are
	// known by their usernames only.
	Directory Directory

	// FactHosts are the hosts, such as crm.example.com, to which the addresses of a Person's facts may lead. Others are shown
	// without a link. Default: none.
	FactHosts []string

	// UserExists is the simplest form of a Directory, in whose place it stands: it only lets the pages tell "User ada not found."
	// from "No logs for ada.". An error counts as yes, and is logged. Default: nil, everybody might exist.
	UserExists func(ctx context.Context, username string) (bool, error)

	// Language pins the language of all pages, as a tag such as "fr". Default: "", the reader's
	// choice, then the browser's.
	Language string

	// LiveURL is the ws:// or wss:// URL of the live socket, where another process serves it, such
	// as wss://live.example.com/userlog/live/socket. It must share the Redis, and allow this admin's
	// origin. Pages bring it a ticket for each connection, so that it need not share the login.
	// Default: "", this admin's own.
	LiveURL string

	// CookieDomain is the domain whose hosts share the login, such as example.com. The server of each
	// of them receives it. LiveURL needs none. Default: "", this host only.
	CookieDomain string

	// SecureCookies says that browsers reach the admin by TLS only, also where a request came without
	// and names this machine, such as localhost: a proxy on the same machine ends TLS. Default: false,
	// such requests get cookies that are sent without TLS, too; no others do.
	SecureCookies bool

	// AllowedOrigins are further origins whose pages may open the live socket, such as
	// https://admin.example.com. The socket's own host always may. Default: none.
	AllowedOrigins []string

	// MaxSockets is how many live sockets this process serves at once; more are answered 503.
	// Default: 10,000.
	MaxSockets int

	// MaxSocketsPerAccount is how many of them one account may have open; more are answered 429.
	// Default: 100.
	MaxSocketsPerAccount int

	// SiteURL is the origin of the watched site, such as https://shop.example.com, which stands in front
	// of addresses that are copied from a log. Default: "", they are copied without.
	SiteURL string

	// TraceURL leads to a request in a tracing or log system: {request_id} in it is replaced, as in
	// https://traces.example.com/search?id={request_id}. Default: "", no link is shown.
	TraceURL string

	// RequireReason has everybody state a reason, such as the number of a ticket, before a log opens.
	// It holds for half an hour and is written to the audit log. Default: false.
	RequireReason bool

	// RequireSecondFactor are the roles whose accounts need a second factor at our own login. Such an account that has none can open its
	// own page only, and sets one up there. It says nothing about the login of a host or a proxy, or about tokens. Default: none.
	RequireSecondFactor []auth.Role

	// SecondFactorKeys seal the seeds of authenticator apps that are kept in Redis, each of at least 32 random bytes. The first one
	// seals, and the others open what they have sealed. All processes need the same. Default: none, a key in Redis seals them, so that
	// who can read all of Redis can read them.
	SecondFactorKeys [][]byte

	// Passkeys speaks WebAuthn for our own login, so that accounts can have passkeys. The program "userlog serve" has it. The library
	// weighs too much for applications that have their own login. Default: nil, there are no passkeys.
	Passkeys auth.PasskeyVerifier

	// AuditCopy gets each record of the audit log that this admin has written, as a line of JSON with the hash that later records build on.
	// Keep the lines where nobody who can write to Redis can change them. Then they show whether a record in Redis was changed since:
	// "userlog audit verify --copy" compares them. Other records wait while AuditCopy runs, so it must not block. Default: nil.
	AuditCopy func(line []byte)

	// Destinations returns the names of the destinations to which messages about rules are sent. The page on which superusers make rules shows
	// them. It is called for each such page, and must not block. "userlog serve" sends the messages, and sets it. Default: nil, there is no such page.
	Destinations func() []string

	// Logger is told of errors. Default: slog.Default().
	Logger *slog.Logger
}

// validate checks the options, but for the language; its error names the one that is wrong.
func (o Options) validate() error {
	if o.MaxSockets < 0 || o.MaxSocketsPerAccount < 0 {
		return fmt.Errorf("MaxSockets is %d and MaxSocketsPerAccount %d: use 1 or more, or 0 for the defaults", o.MaxSockets, o.MaxSocketsPerAccount)
	}
	if !isPrefix(o.ExternalPrefix) {
		return fmt.Errorf("external prefix %q: begin with / and don't end with it, as in /app, with letters, digits and - . _ ~ between the slashes", o.ExternalPrefix)
	}
	if o.Directory != nil && o.UserExists != nil {
		return errors.New("there is a Directory, and UserExists: the Directory's Lookup says who exists, so set only that")
	}
	for _, host := range o.FactHosts {
		if u, err := url.Parse("https://" + host); err != nil || host == "" || u.Host != host {
			return fmt.Errorf("fact host %q: use a host, such as crm.example.com, or crm.example.com:8443", host)
		}
	}
	if strings.ContainsAny(o.CookieDomain, "/: ;,") {
		return fmt.Errorf("cookie domain %q: use a name such as example.com", o.CookieDomain)
	}
	if err := o.validateSecondFactor(); err != nil {
		return err
	}
	if err := o.validateLogin(); err != nil {
		return err
	}
	return o.validateURLs()
}

// validateLanguage checks which language is pinned, of those that the pages speak.
func (o Options) validateLanguage(spoken []views.Language) error {
	var tags []string
	for _, l := range spoken {
		tags = append(tags, l.Tag)
	}
	if o.Language != "" && !slices.Contains(tags, o.Language) {
		return fmt.Errorf("language %q is not spoken here: use one of %s", o.Language, strings.Join(tags, ", "))
	}
	return nil
}

// validateSecondFactor checks who needs one, and what seals it.
func (o Options) validateSecondFactor() error {
	for _, role := range o.RequireSecondFactor {
		if _, err := auth.ParseRole(string(role)); err != nil {
			return fmt.Errorf("second factor of %q: %w", role, err)
		}
	}
	if len(o.RequireSecondFactor) > 0 && !o.ownLogin() {
		return errors.New("a second factor is required, and there is a login that is not ours: require it there")
	}
	for _, key := range o.SecondFactorKeys {
		if len(key) < auth.MinSeedKey {
			return fmt.Errorf("a key for second factors has %d bytes: use %d or more", len(key), auth.MinSeedKey)
		}
	}
	return nil
}

// validateLogin checks whose login it is.
func (o Options) validateLogin() error {
	switch {
	case o.AuthHeader != "" && o.Identify != nil:
		return errors.New("there are two logins, Identify and AuthHeader: use one")
	case o.SingleSignOn != nil && (o.hostLogin() || o.LoginURL != ""):
		return errors.New("there is SingleSignOn, and another login, Identify, AuthHeader or LoginURL: use one")
	case o.LoginURL != "" && o.ownLogin():
		return errors.New("there is a login URL, and our own login: set Identify or AuthHeader, too")
	case o.LoginURL != "" && !isLoginURL(o.LoginURL):
		return fmt.Errorf("login URL %q: use a path such as /login?next={next}, or a URL such as https://login.example.com/?return={next}", o.LoginURL)
	case o.AuthHeader != "" && len(o.TrustedProxies) == 0:
		return fmt.Errorf("anybody could send the header %s: name the proxies that are trusted", o.AuthHeader)
	case o.AuthHeader != "" && slices.ContainsFunc(o.TrustedProxies, everybody):
		return fmt.Errorf("anybody could send the header %s: name the addresses of the proxies that are trusted, and not all there are", o.AuthHeader)
	case o.AuthHeader != "" && strings.Trim(o.AuthHeader, headerName) != "":
		return fmt.Errorf("%q is not the name of a header: use one such as X-Forwarded-User", o.AuthHeader)
	case o.AuthHeaderRole != "" && o.AuthHeader == "":
		return errors.New("there is a role for names in a header, but no header: set AuthHeader")
	}
	if o.AuthHeaderRole != "" {
		if _, err := auth.ParseRole(string(o.AuthHeaderRole)); err != nil {
			return fmt.Errorf("%q: %w", o.AuthHeaderRole, err)
		}
	}
	return nil
}

// isLoginURL reports whether a text leads to a path of this host, or to another site by http or https.
func isLoginURL(text string) bool {
	u, err := url.Parse(strings.ReplaceAll(text, "{next}", "x"))
	if err != nil || strings.Contains(text, `\`) || u.User != nil {
		return false
	}
	return isHTTP(u) || u.Scheme == "" && u.Host == "" && strings.HasPrefix(text, "/")
}

// everybody reports whether a network is all addresses that there are.
func everybody(network netip.Prefix) bool { return network.Bits() == 0 }

// headerName are the characters of a header's name that are in use.
const headerName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

// validateURLs checks where sockets come from and lead to, and where rows lead.
func (o Options) validateURLs() error {
	for _, origin := range o.AllowedOrigins {
		if !isOrigin(origin) {
			return fmt.Errorf("allowed origin %q: use scheme and host, such as https://admin.example.com", origin)
		}
	}
	// A text in front of an @ may be a password, which errors don't repeat.
	if u, err := url.Parse(o.LiveURL); o.LiveURL != "" && (err != nil || !isSocket(u) || strings.ContainsAny(o.LiveURL, "?#")) {
		return fmt.Errorf("live URL %q: use ws:// or wss:// with host and path only, such as wss://live.example.com/userlog/live/socket", o.LiveURL[strings.LastIndexByte(o.LiveURL, '@')+1:])
	}
	if o.SiteURL != "" && !isOrigin(o.SiteURL) {
		return fmt.Errorf("site URL %q: use scheme and host, such as https://shop.example.com", o.SiteURL)
	}
	if u, err := url.Parse(strings.ReplaceAll(o.TraceURL, "{request_id}", "x")); o.TraceURL != "" && (err != nil || !isHTTP(u) || !strings.Contains(o.TraceURL, "{request_id}")) {
		return fmt.Errorf("trace URL %q: use a URL with {request_id} in it, such as https://traces.example.com/search?id={request_id}", o.TraceURL)
	}
	return nil
}

func isHTTP(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// isOrigin says whether text is an origin as browsers send it: scheme and host.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && isHTTP(u) && u.Scheme+"://"+u.Host == text
}

// isSocket says whether u leads to a websocket, and its host can stand in a Content-Security-Policy.
func isSocket(u *url.URL) bool {
	return (u.Scheme == "ws" || u.Scheme == "wss") && u.Host != "" && u.User == nil && !strings.ContainsAny(u.Host, ";, ")
}

// policy is the Content-Security-Policy of every answer: nothing but our own files, no inline script or
// style, and sockets where the live pages connect to. Only two places make HTML of text: static/trusted_html.js says which.
func (o Options) policy() string {
	connect := "'self'"
	if u, err := url.Parse(o.LiveURL); err == nil && u.Host != "" {
		connect += " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src " +
		connect + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types userlog userlog-htmx"
}
