// Package signon tests single sign-on with a provider that is certified for OpenID Connect, which the tests start. It is a module of its own,
// so that nobody else needs what the provider is made of.
package signon
