#!/bin/sh
# Takes one program out of a Debian package without installing it: no root, no service started, nothing but TARGET changed.
#
#   setup/debian-package.sh SUITE PACKAGE FILE TARGET
#
# SUITE as in debian-apt.sh. For a program that needs nothing but the C library; debian-tree.sh takes the others.
set -eu

suite=$1 package=$2 file=$3 target=$4
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"

refuse() {
  echo "cannot bring $package from Debian $suite: $1" >&2
  exit 1
}

mkdir -p "$cache/unfinished"
work=$(mktemp -d "$cache/unfinished/package.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
(cd "$work" && "$here/debian-apt.sh" "$suite" download "$package" 2>reason) || refuse "$(cat "$work/reason")"
dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work" ".$file" || refuse "the package holds no $file"
mkdir -p "$(dirname "$target")"
mv "$work$file" "$target"
