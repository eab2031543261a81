package handlers

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

// ClientAddress is the address that a request came from, as the audit log has it. It believes the proxies that the options trust, and
// nobody else. Gin's ClientIP won't do: it believes any
// client's X-Forwarded-For unless the host has seen to that. Of that header, only the addresses that
// trusted proxies have appended are read, from the right.
func (a *Admin) ClientAddress(c *gin.Context) string {
	address := c.RemoteIP()
	forwarded := forwardedFor(c.Request.Header)
	for i := len(forwarded) - 1; i >= 0 && a.trusts(address); i-- {
		next, ok := parseNode(forwarded[i])
		if !ok {
			break
		}
		address = next.String()
	}
	return address
}

// forwardedFor are the addresses that proxies have noted, the last one's at the end: those of X-Forwarded-For or, where that is not
// there, those of Forwarded (RFC 7239). A proxy that sets one of them passes on what a client says in the other, so they are not
// mixed.
func forwardedFor(header http.Header) []string {
	if lines := header.Values("X-Forwarded-For"); len(lines) > 0 {
		return strings.Split(strings.Join(lines, ","), ",")
	}
	lines := header.Values("Forwarded")
	if len(lines) == 0 {
		return nil
	}
	var nodes []string
	for _, element := range splitUnquoted(strings.Join(lines, ","), ',') {
		node := "" // an element without an address ends what is known
		for _, pair := range splitUnquoted(element, ';') {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "for") {
				node = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// splitUnquoted splits a text at a separator that is not between quotes.
func splitUnquoted(text string, separator byte) []string {
	var parts []string
	begin, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == separator && !quoted:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}

// parseNode reads the address of a client as proxies write it: with a port or without, and IPv6 in brackets or without.
func parseNode(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, portErr := netip.ParseAddrPort(text)
		if portErr != nil {
			return netip.Addr{}, false
		}
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), true
}
