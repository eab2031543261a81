package command

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// hostFlags say by which names the program is reached.
type hostFlags struct {
	AllowedHosts []string `placeholder:"HOST" help:"The names, such as support.example.com, by which browsers reach this program; .example.com stands for all below it, * for any. By default those of the address that it listens on and of its certificate, and any behind --trusted-proxies."`
}

// hostCheck knows which hosts a request may name.
type hostCheck struct {
	names     []string // in lower case, without a port
	addresses bool     // any IP address is one of ours
	trusted   []netip.Prefix
}

// check returns the check for a program that is served at where. It is against DNS rebinding: the name of another site is made to lead
// to our address. Then a browser takes our answers for those of that site, and its pages can read them.
func (f hostFlags) check(where endpoint, trusted []netip.Prefix) hostCheck {
	if len(f.AllowedHosts) > 0 {
		check := hostCheck{}
		for _, name := range f.AllowedHosts {
			check.names = append(check.names, strings.ToLower(strings.TrimSpace(name)))
		}
		return check
	}
	check := hostCheck{trusted: trusted}
	if where.isSocket() { // no page can have a browser connect to a unix socket
		check.names = []string{"*"}
		return check
	}
	host, _, err := net.SplitHostPort(where.Addr().String())
	ip, ipErr := netip.ParseAddr(host)
	check.names = []string{"localhost", ".localhost", host}
	if err != nil || ipErr != nil || ip.IsUnspecified() {
		check.addresses = true
		if name, err := os.Hostname(); err == nil {
			check.names = append(check.names, strings.ToLower(name))
		}
	}
	if ip.IsLoopback() {
		check.names = append(check.names, "127.0.0.1", "::1")
	}
	return check
}

// checkLoopback is the check for a further address of the program, such as that of its metrics. Any name will do there. But at an address
// that only this machine reaches, names are checked as ever: the name of another site could be made to lead there.
func (f hostFlags) checkLoopback(where endpoint) hostCheck {
	check := f.check(where, nil)
	host, _, err := net.SplitHostPort(where.Addr().String())
	if ip, ipErr := netip.ParseAddr(host); err != nil || ipErr != nil || !ip.IsLoopback() {
		check.names = []string{"*"}
	}
	return check
}

// allows reports whether the request may name its host.
func (h hostCheck) allows(r *http.Request, certificate []string) bool {
	if isIn(h.trusted, remoteIP(r.RemoteAddr)) {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if _, err := netip.ParseAddr(host); err == nil && h.addresses {
		return true
	}
	is := func(name string) bool {
		return name == "*" || name == host || strings.HasPrefix(name, ".") && strings.HasSuffix(host, name)
	}
	return slices.ContainsFunc(h.names, is) || slices.ContainsFunc(certificate, func(name string) bool { return is(strings.TrimPrefix(strings.ToLower(name), "*")) })
}

// onlyOwnHosts answers requests that name another host with 421. Health checks name what they like.
func onlyOwnHosts(check hostCheck, where endpoint, site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != healthPath && r.URL.Path != readyPath && !check.allows(r, where.certificateNames()) {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "This program is not reached by that name. If it should be, start it with --allowed-hosts and the name.", http.StatusMisdirectedRequest)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// certificateNames are the names that the certificate is for.
func (e endpoint) certificateNames() []string {
	if e.tls == nil {
		return nil
	}
	found, err := e.tls.GetCertificate(nil)
	if err != nil || found == nil || found.Leaf == nil {
		return nil
	}
	return found.Leaf.DNSNames
}
