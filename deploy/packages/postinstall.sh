#!/bin/sh
# Runs after the files are there: makes the user that the service runs as, lets it read its settings, and restarts a service that runs.
set -eu

if ! getent passwd userlog >/dev/null; then
	useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
		--comment 'userlog' userlog
fi
chgrp userlog /etc/userlog/userlog.toml

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart userlog.service
fi
