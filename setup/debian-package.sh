#!/bin/sh
# Takes one program out of a Debian package without installing it: no root, no service started, nothing but TARGET changed.
#
#   setup/debian-package.sh SUITE PACKAGE FILE TARGET
#
# SUITE is a Debian suite (trixie, sid), or `own` for the one of this machine. The package comes from the mirror that the machine's
# own apt uses, by a private apt state, and is verified against Debian's archive keys like any other.
set -eu

suite=$1 package=$2 file=$3 target=$4
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

refuse() {
  echo "cannot bring $package from Debian $suite: $1" >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 || refuse "this is no Debian (apt-get is missing)"
[ -r "$keyring" ] || refuse "$keyring is missing (apt-get install debian-archive-keyring)"
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
[ "$suite" != own ] || suite=$own

state="$cache/apt/$suite"
mkdir -p "$state/lists/partial" "$state/archives/partial"
: >"$state/status"

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
mirrors=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
  awk -v own="$own" '$2 == own && $3 == "main" && !seen[$1]++ { print $1 }')
[ -n "$mirrors" ] || refuse "the machine's apt sources name no mirror of $own main"
updated=
for mirror in $mirrors; do
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$state/sources.list"
  if private_apt -o APT::Update::Error-Mode=any update >"$state/log" 2>&1; then updated=yes && break; fi
done
[ -n "$updated" ] || refuse "its package list cannot be read: $(tail -n 1 "$state/log")"

work=$(mktemp -d "$state/extract.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
(cd "$work" && private_apt download "$package" >"$state/log" 2>&1) || refuse "$(tail -n 1 "$state/log")"
dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work" ".$file" || refuse "the package holds no $file"
mkdir -p "$(dirname "$target")"
mv "$work$file" "$target"
