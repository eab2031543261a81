package command

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
)

// proxyFlags say which proxies stand in front, and what they are believed.
type proxyFlags struct {
	TrustedProxies []network `placeholder:"CIDR" help:"The networks or addresses, such as 10.0.0.0/8,192.0.2.7, of proxies whose X-Forwarded-For and X-Forwarded-Prefix are believed; by default none."`
	ExternalPrefix string    `placeholder:"PATH" help:"What a proxy in front takes off the path before a request arrives here, such as /app. A trusted proxy can say it in X-Forwarded-Prefix instead."`
	AuthHeader     string    `placeholder:"HEADER" help:"The header, such as X-Forwarded-User, in which a trusted proxy names whom it has logged in, instead of our own login. The proxy must remove it from what its clients send."`
	AuthHeaderRole role      `placeholder:"ROLE" help:"The role, superuser or viewer, of those whom --auth-header names and who have no account; by default they are refused."`
}

// apply checks the flags and sets them in options.
func (f proxyFlags) apply(options *handlers.Options) error {
	for _, proxy := range f.TrustedProxies {
		if f.AuthHeader != "" && netip.Prefix(proxy).Bits() == 0 {
			return usage("--trusted-proxies %s with --auth-header would let anybody in, under any name: give the address of your proxy", netip.Prefix(proxy))
		}
		options.TrustedProxies = append(options.TrustedProxies, netip.Prefix(proxy))
	}
	switch {
	case f.AuthHeader != "" && len(f.TrustedProxies) == 0:
		return usage("--auth-header needs --trusted-proxies: anybody could send the header; give the address of your proxy, or set %s", variable("trusted-proxies"))
	case f.AuthHeaderRole != "" && f.AuthHeader == "":
		return usage("--auth-header-role is of no use without --auth-header: set %s", variable("auth-header"))
	}
	options.ExternalPrefix = f.ExternalPrefix
	options.AuthHeader, options.AuthHeaderRole = f.AuthHeader, auth.Role(f.AuthHeaderRole)
	return nil
}

// remoteIP is the address at the other end of a connection as networks are compared with it: IPv4 as such, and without a zone. It
// is no valid one where the connection has none, as on a Unix socket.
func remoteIP(remoteAddr string) netip.Addr {
	remote, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return remote.Addr().Unmap().WithZone("")
}

// isIn reports whether an address is in one of the networks.
func isIn(networks []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// network is a range of addresses as it is typed: 10.0.0.0/8, or one address.
type network netip.Prefix

// UnmarshalText is called by kong for a network that was typed or is in the environment.
func (n *network) UnmarshalText(text []byte) error {
	if prefix, err := netip.ParsePrefix(string(text)); err == nil {
		*n = network(prefix.Masked())
		return nil
	}
	address, err := netip.ParseAddr(string(text))
	if err != nil || address.Zone() != "" {
		return fmt.Errorf("%q is neither a network, such as 10.0.0.0/8, nor an address, such as 192.0.2.7", text)
	}
	address = address.Unmap()
	*n = network(netip.PrefixFrom(address, address.BitLen()))
	return nil
}

// role is the role of an account as it is typed.
type role auth.Role

// UnmarshalText is called by kong for a role that was typed or is in the environment.
func (r *role) UnmarshalText(text []byte) error {
	parsed, err := auth.ParseRole(string(text))
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	*r = role(parsed)
	return nil
}
