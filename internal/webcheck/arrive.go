package webcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// arrive follows redirects to a page of the admin.
func arrive(ctx context.Context, v *visit) (found []Finding, on bool) {
	to := v.options.URL
	for range maxRedirects {
		a, err := v.send(ctx, http.MethodGet, to, "", "Accept", "text/html", "Sec-Fetch-Site", "none")
		if err != nil {
			return []Finding{unreachable(to, err)}, false
		}
		v.page = a
		next, err := a.Location()
		if a.StatusCode < 300 || a.StatusCode > 399 || err != nil {
			wrong := notThePage(a)
			return wrong, wrong == nil
		}
		switch {
		case next.Hostname() != to.Hostname():
			return []Finding{{
				"redirect-away", false, fmt.Sprintf("%s leads to %s://%s, which is another site.", to.Redacted(), next.Scheme, next.Host),
				"If people log in there, that is as it should be. Otherwise the proxy must not answer with addresses of its own, and must pass on Host.",
			}}, false
		case to.Scheme == "https" && next.Scheme == "http":
			return []Finding{{
				"redirect-plain", true, fmt.Sprintf("%s leads to %s, which is not encrypted.", to.Redacted(), next.Redacted()),
				"Have the proxy redirect with https only, or leave redirects to userlog, whose own have no scheme.",
			}}, false
		case next.Port() != to.Port() && next.Scheme == to.Scheme:
			return []Finding{{
				"redirect-port", true, fmt.Sprintf("%s leads to another port: %s.", to.Redacted(), next.Redacted()),
				"Have the proxy pass on Host with its port: proxy_set_header Host $http_host in nginx.",
			}}, false
		}
		to = next
	}
	return []Finding{{
		"redirect-loop", true, fmt.Sprintf("%s leads from redirect to redirect, and never to a page.", v.options.URL.Redacted()),
		"See which of proxy and userlog adds or removes the slash at the end, or turns https into http.",
	}}, false
}

// unreachable says why there was no answer.
func unreachable(to *url.URL, err error) Finding {
	var untrusted *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var lookup *net.DNSError
	cause := err
	if request, is := errors.AsType[*url.Error](err); is {
		cause = request.Err
	}
	switch {
	case errors.As(err, &untrusted):
		return Finding{"certificate", true, fmt.Sprintf("Browsers do not trust the certificate of %s: %s.", to.Host, untrusted.Err), "Give the proxy, or --tls-cert, a certificate for this name, with its chain, of an authority that browsers know. For one of your own, name it with --url-ca."}
	case errors.As(err, &plain), strings.Contains(cause.Error(), "server gave HTTP response to HTTPS client"):
		return Finding{"no-tls", true, fmt.Sprintf("What answers at %s does not speak https.", to.Host), "Give it a certificate, or see whether the port is the right one."}
	case errors.As(err, &lookup):
		return Finding{"no-name", true, fmt.Sprintf("There is no address of the name %s.", to.Hostname()), "See to DNS, or to the spelling."}
	}
	return Finding{"unreachable", true, fmt.Sprintf("Nothing answers at %s: %s.", to.Host, cause), "See whether the proxy runs, listens there, and is let through by the firewall."}
}

// notThePage says why an answer is no page of the admin, or returns nil where it is one.
func notThePage(a *answer) []Finding {
	at := a.at().Redacted()
	switch {
	case a.StatusCode == http.StatusMisdirectedRequest:
		return []Finding{{"host-refused", true, "userlog does not know that it is reached by the name " + a.at().Hostname() + ".", "Start it with --allowed-hosts and this name, or name the proxy in --trusted-proxies."}}
	case a.StatusCode == http.StatusBadGateway, a.StatusCode == http.StatusGatewayTimeout, a.StatusCode == http.StatusServiceUnavailable:
		return []Finding{{"proxy-error", true, fmt.Sprintf("The proxy can't reach userlog: it answers %s with status %d.", at, a.StatusCode), "See whether userlog serve runs, and whether the proxy sends requests to its --addr. Its /readyz says whether it is ready."}}
	case a.StatusCode == http.StatusNotFound:
		return []Finding{{"no-page", true, fmt.Sprintf("There is nothing at %s.", at), "Compare the path with --base-path. Where the proxy takes a part off the path, name that with --external-prefix."}}
	case a.StatusCode != http.StatusOK, !isOurs(a):
		return []Finding{{"not-userlog", true, fmt.Sprintf("What answers at %s is no page of userlog: its status is %d.", at, a.StatusCode), "See whether the proxy sends this path to userlog, and asks for no login of its own."}}
	}
	return nil
}

// isOurs reports whether a page is one of the admin.
func isOurs(a *answer) bool { return strings.Contains(a.body, "userlog</title>") }

// encrypted looks at how the page came.
func encrypted(_ context.Context, v *visit) ([]Finding, bool) {
	if v.page.TLS == nil {
		if isThisMachine(v.page.at().Hostname()) {
			return nil, true
		}
		return []Finding{{"plain-http", true, "The admin is reached by http, so nobody can log in from another machine.", "Use --tls-cert and --tls-key, or a proxy that speaks https, and --secure-cookies."}}, true
	}
	leaf := v.page.TLS.PeerCertificates[0]
	if left := time.Until(leaf.NotAfter); left < soon {
		return []Finding{{"certificate-ends", false, fmt.Sprintf("The certificate of %s ends on %s.", v.page.at().Host, leaf.NotAfter.UTC().Format(time.DateOnly)), "Renew it, and see why that does not happen by itself."}}, true
	}
	return nil, true
}

// isThisMachine reports whether a host is a name or an address of the machine itself.
func isThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}
