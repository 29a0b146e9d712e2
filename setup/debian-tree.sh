#!/bin/sh
# Unpacks Debian packages with every library they need, down to the C library, into a folder from which their programs run as they
# are: nothing is installed, no maintainer script runs, no root is needed, and the suite may be newer than the machine.
#
#   setup/debian-tree.sh SUITE TARGET PACKAGE… [FOLDER/]
#
# SUITE as in debian-apt.sh; the files of FOLDER are added to usr/bin. The programs are TARGET/usr/bin/… and the like. Each is told
# (by patchelf) to start with TARGET's own loader and libraries, modules among them to use these, so TARGET stays where it is.
set -eu

suite=$1 target=$2
shift 2
names= added=
for argument in "$@"; do
  case $argument in
    */) added=$argument ;;
    *) names="$names $argument" ;;
  esac
done
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"
PATH="$PATH:$cache/bin"

refuse() {
  echo "cannot bring$names from Debian $suite: $1" >&2
  exit 1
}

mkdir -p "$cache/unfinished"
work=$(mktemp -d "$cache/unfinished/tree.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Of all that the packages depend on, the libraries: what is left out are interpreters, what maintainer scripts need, and the
# compiler that PostgreSQL loads for long queries when it is there.
wanted=$(echo "${names# }" | sed 's/[.+]/\\&/g; s/ /|/g')
# shellcheck disable=SC2086 # the list is split on purpose
"$here/debian-apt.sh" "$suite" --no-install-recommends --print-uris install $names >"$work/closure" 2>"$work/reason" ||
  refuse "$(cat "$work/reason")"
packages=$(awk '{ sub(/_.*/, "", $2); print $2 }' "$work/closure" | grep -E "^(lib.*|zlib1g|$wanted)\$" |
  grep -v -E -- '-perl$|-(data|common|bin)$|^lib(llvm|z3-|perl|pam-modules|semanage|sepol|debconf)')

mkdir "$work/packages" "$work/tree"
# shellcheck disable=SC2086 # the list is split on purpose
(cd "$work/packages" && "$here/debian-apt.sh" "$suite" download $packages 2>"$work/reason") || refuse "$(cat "$work/reason")"
for name in bin sbin lib lib64; do
  mkdir -p "$work/tree/usr/$name"
  ln -s "usr/$name" "$work/tree/$name"
done
for package in "$work"/packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --exclude='./usr/share/doc' --exclude='./usr/share/man' \
    --exclude='./usr/share/locale' --exclude='./usr/lib/*/gconv' -C "$work/tree"
done
if [ -n "$added" ]; then cp -a --remove-destination "$added." "$work/tree/usr/bin/"; fi

libraries=$(cd "$work/tree" && find usr/lib -name libc.so.6 -printf '%h')
find "$work"/tree/usr/bin "$work"/tree/usr/sbin "$work"/tree/usr/lib/postgresql/*/bin -type f -perm -u+x 2>/dev/null >"$work/programs" || true
while read -r program; do
  patchelf --print-rpath "$program" >/dev/null 2>&1 || continue # a script
  if loader=$(patchelf --print-interpreter "$program" 2>/dev/null); then patchelf --set-interpreter "$target$loader" "$program"; fi
  patchelf --force-rpath --set-rpath "$target/$libraries" "$program"
done <"$work/programs"

rm -rf "$target"
mkdir -p "$(dirname "$target")"
mv "$work/tree" "$target"
