package webcheck

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// headers are those without which pages are not safe.
func headers(_ context.Context, v *visit) (found []Finding, on bool) {
	policies := v.page.Header.Values("Content-Security-Policy")
	switch {
	case len(policies) == 0 || !strings.Contains(policies[0], "default-src 'none'"):
		found = append(found, Finding{"policy-missing", true, "The Content-Security-Policy of the pages is lost on its way, so that nothing keeps foreign scripts out.", "Have the proxy leave the header as it is."})
	case len(policies) > 1:
		found = append(found, Finding{"policy-added", true, "The proxy adds a second Content-Security-Policy, which can forbid what the pages need.", "Have the proxy leave the header out below the path of the admin."})
	}
	if v.page.TLS != nil && v.page.Header.Get("Strict-Transport-Security") == "" {
		found = append(found, Finding{"strict-transport", false, "userlog does not know that browsers come by https, so it does not tell them to stay there.", "Start it with --secure-cookies."})
	}
	return found, true
}

// stylesheet finds the address of the stylesheet in a page.
var stylesheet = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`)

// assets loads the stylesheet, as all other files are loaded.
func assets(ctx context.Context, v *visit) ([]Finding, bool) {
	lost := Finding{"assets", true, "The pages come without their stylesheets and scripts.", "The proxy takes a part off the path: name that with --external-prefix, or have the proxy pass on the path as it is."}
	match := stylesheet.FindStringSubmatch(v.page.body)
	if match == nil {
		return []Finding{lost}, true
	}
	to, err := v.page.at().Parse(match[1])
	if err != nil {
		return []Finding{lost}, true
	}
	a, err := v.send(ctx, http.MethodGet, to, "", "Accept-Encoding", "gzip")
	if err != nil {
		return []Finding{unreachable(to, err)}, true
	}
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case a.StatusCode != http.StatusOK || kind != "text/css":
		return []Finding{lost}, true
	case a.Header.Get("Content-Encoding") == "":
		return []Finding{{"uncompressed", false, "Files come uncompressed, so that pages load slowly.", "Have the proxy pass on Accept-Encoding, and the answer as it is."}}, true
	}
	return nil, true
}

// forms sends one that only chooses the look of the pages, and sees whether its cookie comes back.
func forms(ctx context.Context, v *visit) ([]Finding, bool) {
	to, origin := v.base().JoinPath("theme"), v.page.at().Scheme+"://"+v.page.at().Host
	a, err := v.send(ctx, http.MethodPost, to, url.Values{"theme": {"dark"}, "next": {v.page.at().Path}}.Encode(),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", origin)
	switch {
	case err != nil:
		return []Finding{unreachable(to, err)}, true
	case a.StatusCode == http.StatusForbidden:
		return []Finding{{"host-changed", true, "userlog takes forms of its own pages for those of another site, since the proxy changes Host. Nobody can log in.", "Have the proxy pass on Host: proxy_set_header Host $http_host in nginx."}}, true
	case a.StatusCode != http.StatusSeeOther:
		return []Finding{{"forms", true, fmt.Sprintf("A form was answered with status %d. Nobody can log in.", a.StatusCode), "Have the proxy pass on POST, and bodies of some kilobytes."}}, true
	}
	cookies := a.Cookies()
	if len(cookies) > 0 && v.page.TLS != nil && !cookies[0].Secure {
		return []Finding{{"cookies-insecure", true, "Cookies may also be sent without https.", "Start userlog with --secure-cookies."}}, true
	}
	shown, err := v.send(ctx, http.MethodGet, v.page.at(), "", "Accept", "text/html", "Sec-Fetch-Site", "same-origin")
	if err == nil && !strings.Contains(shown.body, `data-theme="dark"`) {
		return []Finding{{"cookies-lost", true, "Cookies do not come back, so nobody can log in.", "Have the proxy pass on Cookie and Set-Cookie, and leave their path as it is: --external-prefix names what it takes off the path."}}, true
	}
	return nil, true
}
