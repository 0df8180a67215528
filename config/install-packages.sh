#!/bin/sh
# Installs the Debian packages that are missing.
#
#   install-packages.sh [--optional] PACKAGE…
#
# With --optional a package that cannot be installed is a warning: the tests that want it say that they skip.
set -eu

optional=no
if [ "${1:-}" = --optional ]; then
    optional=yes
    shift
fi

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null; then as_root=sudo; else as_root=false; fi
fi

echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
if $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
    exit 0
fi
echo "could not install:$missing (run: apt-get install$missing)" >&2
[ "$optional" = yes ]
