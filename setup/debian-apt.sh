#!/bin/sh
# apt-get for any Debian suite, beside the machine's own: no root, nothing installed, nothing of the machine's apt changed.
#
#   setup/debian-apt.sh SUITE ARGUMENT…
#
# SUITE is a Debian suite (trixie, sid), or `own` for the one of this machine. Its packages come from the mirror that the machine's
# own apt uses, and are verified against Debian's archive keys like any other. Package lists are kept for some hours, and refreshed
# sooner when something fails with them. One line on standard error says why something failed.
set -eu

suite=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

refuse() {
  echo "$1" >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 || refuse "this is no Debian (apt-get is missing)"
[ -r "$keyring" ] || refuse "$keyring is missing (apt-get install debian-archive-keyring)"
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
[ "$suite" != own ] || suite=$own

state="$cache/apt/$suite"
mkdir -p "$state/lists/partial" "$state/archives/partial"
: >"$state/status"
exec 8>"$state/lock"
flock 8

# The machine's own settings (proxy, certificates) stay in force; its sources, pins and lists do not.
private_apt() {
  apt-get -qq \
    -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status" \
    -o Dir::Cache::Archives="$state/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Default-Release= -o APT::Sandbox::User="$(id -un)" -o APT::Update::Post-Invoke-Success::= \
    -o Acquire::Languages=none -o Acquire::GzipIndexes=true -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@"
}

# Every repository that the machine knows under its own codename is tried: one that is not Debian's fails the key check.
refresh() {
  mirrors=$("$here/debian-mirrors.sh" "$own")
  [ -n "$mirrors" ] || refuse "the machine's apt sources name no mirror of $own main"
  rm -f "$state/fresh"
  for mirror in $mirrors; do
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$state/sources.list"
    if private_apt -o APT::Update::Error-Mode=any update >"$state/log" 2>&1; then
      : >"$state/fresh"
      return
    fi
  done
  refuse "its package list cannot be read: $(tail -n 1 "$state/log")"
}

if [ -n "$(find "$state/fresh" -mmin -240 2>/dev/null)" ]; then
  if private_apt "$@" 2>"$state/log"; then exit 0; fi
fi
refresh
private_apt "$@" 2>"$state/log" || refuse "$(tail -n 1 "$state/log")"
