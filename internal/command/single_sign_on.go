package command

import (
	"strings"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/signon"
)

// signOnFlags name the provider of OpenID Connect at which people log in.
type signOnFlags struct {
	OIDCIssuer           string   `name:"oidc-issuer" placeholder:"URL" help:"The provider of OpenID Connect at which people log in, instead of here, as it names itself: https://login.example.com."`
	OIDCClientID         string   `name:"oidc-client-id" placeholder:"ID" help:"By which --oidc-issuer knows this program."`
	OIDCClientSecretFile string   `name:"oidc-client-secret-file" credential:"oidc-client-secret" placeholder:"FILE" help:"The file whose first line is the secret of --oidc-client-id."`
	OIDCClaim            string   `name:"oidc-claim" default:"groups" help:"The claim that has the groups of a person."`
	OIDCRoles            []string `name:"oidc-roles" placeholder:"GROUP=ROLE" help:"Which groups have which role: admins=superuser,support=viewer. People without such a group are refused."`
	OIDCNameClaim        string   `name:"oidc-name-claim" placeholder:"CLAIM" help:"The claim that has the name of a person; by default preferred_username, or else a verified email, or else sub."`
	OIDCScopes           []string `name:"oidc-scopes" placeholder:"SCOPE" help:"Scopes that are asked for besides openid, profile and email, and besides groups and offline_access where the provider has them."`
}

// apply sets the provider, if one is named.
func (f signOnFlags) apply(options *handlers.Options) error {
	if f.OIDCIssuer == "" {
		if f.OIDCClientID != "" || f.OIDCClientSecretFile != "" || len(f.OIDCRoles) > 0 || f.OIDCNameClaim != "" || len(f.OIDCScopes) > 0 {
			return usage("--oidc-client-id and its like are of no use without --oidc-issuer: set %s", variable("oidc-issuer"))
		}
		return nil
	}
	if f.OIDCClientID == "" || f.OIDCClientSecretFile == "" || len(f.OIDCRoles) == 0 {
		return usage("--oidc-issuer needs --oidc-client-id, --oidc-client-secret-file and --oidc-roles")
	}
	if options.AuthHeader != "" {
		return usage("there are two logins, --oidc-issuer and --auth-header: use one")
	}
	secret, err := secretIn("oidc-client-secret-file", f.OIDCClientSecretFile)
	if err != nil {
		return err
	}
	roles := map[string]auth.Role{}
	for _, pair := range f.OIDCRoles {
		at := strings.LastIndexByte(pair, '=') // a group may have one
		if at < 1 {
			return usage("--oidc-roles: %q: use group=superuser or group=viewer", pair)
		}
		if _, twice := roles[pair[:at]]; twice {
			return usage("--oidc-roles: the group %q is there twice", pair[:at])
		}
		roles[pair[:at]] = auth.Role(pair[at+1:])
	}
	provider, err := signon.New(signon.Options{
		Issuer: f.OIDCIssuer, ClientID: f.OIDCClientID, ClientSecret: secret,
		GroupsClaim: f.OIDCClaim, NameClaim: f.OIDCNameClaim, Roles: roles, Scopes: f.OIDCScopes,
	})
	if err != nil {
		return usage("--oidc-issuer: %w", err)
	}
	options.SingleSignOn = provider
	return nil
}
