#!/bin/sh
# Checks a release of the last commit. It is built at two places, once with nothing cached, and has to be the same. The files of its image are
# run, and its archive gives a first line. Then its package for Debian is installed, started, upgraded, removed and purged: in a copy of
# this machine's files that is gone at the end.
set -eu
cd "$(dirname "$0")/../.."

if [ "$(id -u)" != 0 ] || ! command -v dpkg >/dev/null || ! command -v redis-server >/dev/null; then
	echo "distcheck: it needs Debian or Ubuntu, redis-server, and root" >&2
	exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
platform=linux/$(dpkg --print-architecture)
checked=$PWD/deploy/packages

git clone --quiet . "$work/here"
git clone --quiet . "$work/somewhere/else"
make --silent -C "$work/here" dist PLATFORMS="$platform"
GOCACHE=$work/cache make --silent -C "$work/somewhere/else" dist PLATFORMS="$platform"
if [ -n "$(git -C "$work/here" status --porcelain)" ]; then
	echo "distcheck: a build changes files of the clone, so the next one is another" >&2
	git -C "$work/here" status --porcelain >&2
	exit 1
fi
cmp "$work/here/dist/SHA256SUMS" "$work/somewhere/else/dist/SHA256SUMS"
(cd "$work/here/dist" && sha256sum --check --quiet SHA256SUMS)
echo "distcheck: two builds have the same bytes"

git -C "$work/somewhere/else" -c user.name=check -c user.email=check@example.com commit --quiet --allow-empty -m 'A later version'
make --silent -C "$work/somewhere/else" dist PLATFORMS="$platform"
mkdir "$work/packages"
cp "$work"/here/dist/*.deb "$work/packages/first.deb"
cp "$work"/somewhere/else/dist/*.deb "$work/packages/later.deb"
unshare --mount --net "$checked/check_files.sh" "$work/here/dist"
unshare --mount --net --pid --fork "$checked/check_installation.sh" "$work/packages"
