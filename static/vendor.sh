#!/bin/sh
# Fetches the assets that other people wrote, at the versions pinned below, into static/vendor/.
#
# npm verifies nothing against this file by itself, so each archive is compared with the integrity
# (SHA-512) recorded here before anything of it is used. To move to another version: change the
# line, take the new integrity from `npm view NAME@VERSION dist.integrity`, run this, read the diff.
set -eu

here=$(CDPATH="" cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# vendor NAME VERSION LICENCE INTEGRITY PREFIX FILE...
# Each FILE is a path inside the package. It keeps its base name, LICENSE becomes PREFIX.LICENSE, and stylesheets
# go into a folder PREFIX.
vendor() {
	name=$1 version=$2 licence=$3 integrity=$4 prefix=$5
	shift 5

	rm -rf "$work/archive" && mkdir "$work/archive"
	(cd "$work/archive" && npm pack --silent "$name@$version" >/dev/null 2>&1) || {
		echo "vendor: npm could not fetch $name@$version" >&2
		exit 1
	}
	archive=$(echo "$work"/archive/*.tgz)
	actual="sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)"
	if [ "$actual" != "$integrity" ]; then
		echo "vendor: $name@$version has integrity $actual, want $integrity" >&2
		exit 1
	fi

	tar -xzf "$archive" -C "$work/archive"
	for file in "$@" LICENSE; do
		target=$(basename "$file")
		if [ "$target" = LICENSE ]; then target=$prefix.LICENSE; fi
		if [ "$target" = bundle.js ]; then target=$prefix.js; fi
		if [ "${target%.css}" != "$target" ]; then target=$prefix/$target; fi
		install -D -m 644 "$work/archive/package/$file" "$work/vendor/$target"
		sum=$(openssl dgst -sha256 -r "$work/vendor/$target" | cut -d' ' -f1)
		printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$version" "$licence" "$target" "$sum" >>"$work/vendor/VERSIONS"
	done
}

mkdir "$work/vendor"
printf '# package\tversion\tlicence\tfile\tsha256\n' >"$work/vendor/VERSIONS"

vendor htmx.org 4.0.1 0BSD \
	sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg== \
	htmx dist/htmx.min.js dist/ext/hx-ws.min.js
# The components that pages have, and no others. css/main.css imports them.
vendor @knadh/oat 0.6.1 MIT \
	sha512-EfGcO5dNQMd0mITBf88Az6W6nyu+Q6xWHEGxvahxd/sLT1l+6wtOI6LQyjubpEuXGBc7EAXHwjt3ed/v6q4ALA== \
	oat css/00-base.css css/01-theme.css css/accordion.css css/alert.css css/animations.css css/button.css css/card.css \
	css/form.css css/grid.css css/progress.css css/table.css
vendor @github/relative-time-element 5.3.1 MIT \
	sha512-f++QCIXxGH7rMbpTASRfLyCyPydd4HqwOmATBb/sAUCq72HEZN0MX9znmJSp7NKYxuQxF8j0Mv3ez9P32c70vw== \
	relative-time-element dist/bundle.js

# Only now, when everything is there and right, is anything in the tree replaced.
mkdir -p "$here/vendor"
rm -rf "$here"/vendor/*
cp -R "$work"/vendor/* "$here/vendor/"
echo "vendor: $(find "$here/vendor" -type f | wc -l | tr -d ' ') files in static/vendor; now run make assets"
