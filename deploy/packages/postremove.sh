#!/bin/sh
# Runs after the files are gone. The user stays, as files of it may: its number is never another's.
set -eu

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if [ "${1:-}" = purge ]; then
	rm -rf /etc/userlog
fi
