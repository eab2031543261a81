#!/bin/sh
# Installs first.deb and later.deb of a folder in a copy of this machine's files. check.sh calls it in namespaces of its own.
set -eu
packages=$1

fail() {
	echo "distcheck: $*" >&2
	exit 1
}

layers=$packages/layers
mkdir "$layers"
mount -t tmpfs layers "$layers"
mkdir "$layers/changes" "$layers/work" "$layers/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/changes,workdir=$layers/work" "$layers/root"
mount -t proc proc "$layers/root/proc"
mount --bind /dev "$layers/root/dev"
mkdir "$layers/root/packages"
cp "$packages/first.deb" "$packages/later.deb" "$layers/root/packages"
ip link set lo up
in_root() { chroot "$layers/root" "$@"; }

# serve becomes the program, as the unit runs it.
serve() {
	exec chroot "$layers/root" setpriv --reuid=userlog --regid=userlog --clear-groups userlog serve --config /etc/userlog/userlog.toml
}

# await_ready waits until the program works.
await_ready() {
	for _ in $(seq 100); do
		[ "$(in_root userlog healthcheck 2>/dev/null)" != ready ] || return 0
		sleep 0.1
	done
	in_root userlog healthcheck
}

in_root dpkg --install /packages/first.deb >/dev/null
in_root getent passwd userlog | grep -q ':/usr/sbin/nologin$' || fail "there is no user userlog without a shell"
settings=$layers/root/etc/userlog/userlog.toml
[ "$(in_root stat -c '%a %U %G' /etc/userlog/userlog.toml)" = '640 root userlog' ] || fail "others may read the settings, or the service may not"
in_root env MANPAGER=cat man userlog | grep -q 'account create' || fail "there is no manual page"
in_root bash -c '. /usr/share/bash-completion/completions/userlog && complete -p userlog' >/dev/null
if command -v systemd-analyze >/dev/null; then
	in_root systemd-analyze verify /usr/lib/systemd/system/userlog.service /usr/lib/systemd/system/userlog.socket
	in_root systemd-analyze security --offline=true --threshold=20 userlog.service >/dev/null
fi

redis-server --port 6379 --save '' --daemonize yes >/dev/null
serve >/dev/null 2>&1 &
server=$!
await_ready
kill "$server"
wait "$server" || fail "the program does not end well"
echo "distcheck: installed and started"

echo '# mine' >>"$settings"
before=$(in_root userlog --version)
in_root dpkg --install /packages/later.deb >/dev/null
[ "$(in_root userlog --version)" != "$before" ] || fail "the version is the same after an upgrade"
grep -q '^# mine$' "$settings" || fail "an upgrade changed the settings"
serve >/dev/null 2>&1 &
server=$!
await_ready
kill "$server"
wait "$server" || fail "the program does not end well after an upgrade"
echo "distcheck: upgraded"

in_root dpkg --remove userlog >/dev/null
[ ! -e "$layers/root/usr/bin/userlog" ] || fail "the program is there after its removal"
[ -e "$settings" ] || fail "the settings went with the program"
in_root dpkg --purge userlog >/dev/null
cd "$layers/root"
left=$(find etc usr var -xdev \( -path var/lib/dpkg -o -path var/cache/man \) -prune -o -name '*userlog*' -print)
[ -z "$left" ] || fail "files are left: $left"
echo "distcheck: removed and purged"
