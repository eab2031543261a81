#!/bin/sh
# Runs the files of a release's image, and the program of its archive. check.sh calls it in namespaces of its own, with the release's folder.
set -eu
cd "$(dirname "$0")/../../tools"
ip link set lo up
exec go test -vet=off -count 1 -v -tags release -run 'Released|FirstLine' ./dist -args -dist "$1"
