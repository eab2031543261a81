#!/bin/sh
# Makes what deploy/compose.yaml needs: passwords by chance, and an access list for Redis with the rules of
# docs/hardening.md. Passwords that are there are kept.
# After a change: docker compose --file deploy/compose.yaml restart redis userlog
set -eu
cd "$(dirname "$0")"

mkdir -p secrets
chmod 700 secrets # so that others can't read what containers have to
cd secrets

# password makes the password of a user of Redis, once.
password() {
	[ -e "$1-password" ] || od -An -N 24 -t x1 /dev/urandom | tr -d ' \n' >"$1-password"
}

# rule is the line of a user of Redis, with the hash of the password.
rule() {
	hash=$(sha256sum "$1-password" | cut -d ' ' -f 1)
	sed -n "s/^user userlog-$1 on >change-me /user userlog-$1 on #$hash /p" ../../docs/hardening.md
}

password admin
password application
{
	# Whoever gives no name may ask whether Redis runs.
	echo 'user default on nopass resetchannels -@all +ping'
	rule application
	rule admin
} >users.acl
chmod 644 admin-password application-password users.acl
[ "$(wc -l <users.acl)" = 3 ] || {
	echo 'prepare: docs/hardening.md has no rules for Redis' >&2
	exit 1
}
echo "Applications record with redis://userlog-application:PASSWORD@127.0.0.1:6379/0, and the password in deploy/secrets/application-password."
