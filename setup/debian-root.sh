#!/bin/sh
# Makes the root of a whole Debian with systemd, for systemd-nspawn to boot. As root; needs debootstrap. Nothing on this machine is
# started, and what is mounted on the way is gone with this script.
#
#   setup/debian-root.sh TARGET PACKAGE…
set -eu

target=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"

refuse() {
  echo "cannot bring a Debian to boot: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || refuse "only root may"
command -v debootstrap >/dev/null || refuse "debootstrap is missing (apt-get install debootstrap)"
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
mirror=$("$here/debian-mirrors.sh" "$suite" | head -n 1)
[ -n "$mirror" ] || refuse "the machine's apt sources name no mirror of $suite main"
# debootstrap downloads by itself and does not know what apt was told.
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy)"
[ -z "$proxy" ] || export http_proxy="$proxy"

mkdir -p "$cache/unfinished"
work=$(mktemp -d "$cache/unfinished/root.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
include=$(echo "$*" | tr ' ' ',')
unshare --mount --propagation private \
  debootstrap --variant=minbase --include="$include" "$suite" "$work/root" "$mirror" >"$work/log" 2>&1 ||
  refuse "$( { grep -E '^E:' "$work/log" || cat "$work/log"; } | tail -n 1)"

# Every boot gets an id of its own, and is not a first boot.
: >"$work/root/etc/machine-id"
# debootstrap leaves this machine's settings there.
: >"$work/root/etc/resolv.conf"
echo pantheros-test >"$work/root/etc/hostname"
rm -rf "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/* "$work"/root/var/log/*.log
chmod 755 "$work/root"
rm -rf --one-file-system "$target"
mkdir -p "$(dirname "$target")"
mv "$work/root" "$target"
