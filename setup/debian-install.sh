#!/bin/sh
# Installs those of the named Debian packages that are missing, or says in one line why it cannot. Nothing that comes with them is
# started or enabled: neither now, nor at the next boot, for a service or timer of the named packages.
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

# What Debian asks before it starts a service answers no meanwhile; what an administrator has there comes back.
policy=/usr/sbin/policy-rc.d
kept="$policy.kept-by-pantheros"
restore() {
  if grep -q 'pantheros setup' "$policy" 2>/dev/null; then rm -f "$policy"; fi
  if [ -e "$kept" ]; then mv -f "$kept" "$policy"; fi
}
exec 7>/run/lock/pantheros-install
flock 7
restore # an earlier run may have been killed
log=$(mktemp)
trap 'restore; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -e "$policy" ]; then mv "$policy" "$kept"; fi
printf '#!/bin/sh\n# pantheros setup: nothing is started by what it installs\nexit 101\n' >"$policy"
chmod 755 "$policy"

install() {
  # shellcheck disable=SC2086 # the list is split on purpose
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 install $missing >"$log" 2>&1
}

echo "installing$missing" >&2
# The package lists are only refreshed when they are too old to name the packages or their files.
install || { apt-get -q -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 && install; } || refuse "$(grep -E '^(E|Err)' "$log" | tail -n 1)"

for package in $missing; do
  for unit in $(dpkg -L "$package" | sed -n 's,^\(/usr\)\?/lib/systemd/system/\([^/]*\.\(service\|timer\|socket\|target\)\)$,\2,p'); do
    DPKG_MAINTSCRIPT_PACKAGE=$package deb-systemd-helper disable "$unit" >"$log" 2>&1 || true
  done
done
