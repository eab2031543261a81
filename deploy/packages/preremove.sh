#!/bin/sh
# Runs before the files go: "remove" is what dpkg says then, and 0 what rpm says. An upgrade goes on serving until its files are
# there.
set -eu

if [ -d /run/systemd/system ]; then
	case "${1:-}" in
	remove | 0) systemctl --no-reload disable --now userlog.socket userlog.service ;;
	esac
fi
