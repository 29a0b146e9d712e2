#!/bin/sh
# Installs those of the named Debian packages that are missing, or says in one line why it cannot.
#
#   setup/debian-install.sh PACKAGE…
set -eu

missing=
for package in "$@"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

refuse() {
  echo "cannot install$missing: $1" >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 || refuse "this is no Debian; install them with the system's own package manager"
[ "$(id -u)" = 0 ] || refuse "only root may (sudo apt-get install$missing)"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
install() {
  # shellcheck disable=SC2086 # the list is split on purpose
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 install $missing >"$log" 2>&1
}

echo "installing$missing" >&2
# The package lists are only refreshed when they are too old to name the packages or their files.
install || { apt-get -q -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 && install; } || refuse "$(grep -E '^(E|Err)' "$log" | tail -n 1)"
