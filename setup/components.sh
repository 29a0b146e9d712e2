#!/bin/sh
# Brings the real components that tests, demo and benchmarks use. Whatever cannot be brought is named with its reason, and is no
# error: what needs it says so when it is skipped. Nothing is started, and nothing that is already here is touched.
#
# From Debian's packages as root: what needs root anyway. Into <cache>/pantheros, root or not:
#   bin/PROGRAM              programs that the machine does not have; kept out of the system, where they would come with a service
#   restic/VERSION/restic    the supported range of restic beside the machine's own
#   moto/                    an S3 server, as a Python environment
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"
PATH="$PATH:/usr/sbin:/sbin"
mkdir -p "$cache"

# One at a time: two clones share the cache.
exec 9>"$cache/lock"
if command -v flock >/dev/null 2>&1; then flock 9; fi

# What an interrupted run left unfinished; nobody else is at work now.
rm -rf "$cache"/restic-*

note() { echo "setup: $*" >&2; }

system_packages() {
  wanted=
  command -v mkfs.btrfs >/dev/null || wanted="$wanted btrfs-progs"
  command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python3-venv"
  # shellcheck disable=SC2086 # the list is split on purpose
  [ -z "$wanted" ] || "$here/debian-install.sh" $wanted || true
}

# program PACKAGE FILE: on the PATH, or in the cache and able to run.
program() {
  name=$(basename "$2")
  if command -v "$name" >/dev/null; then return; fi
  if "$cache/bin/$name" --version >/dev/null 2>&1 || "$cache/bin/$name" version >/dev/null 2>&1; then return; fi
  note "bringing $name"
  "$here/debian-package.sh" own "$1" "$2" "$cache/bin/$name" || true
}

# restic_of SUITE: kept under the version it turns out to be, with the suite beside it.
restic_of() {
  for kept in "$cache"/restic/*/suite; do
    if [ "$(cat "$kept" 2>/dev/null)" = "$1" ] && "${kept%suite}restic" version >/dev/null 2>&1; then return; fi
  done
  note "bringing restic of Debian $1"
  fresh="$cache/restic-$1.$$"
  "$here/debian-package.sh" "$1" restic /usr/bin/restic "$fresh/restic" || return 0
  if version=$("$fresh/restic" version 2>/dev/null | cut -d ' ' -f 2) && [ -n "$version" ]; then
    echo "$1" >"$fresh/suite"
    mkdir -p "$cache/restic"
    rm -rf "$cache/restic/$version"
    mv "$fresh" "$cache/restic/$version"
  else
    note "restic of Debian $1 does not run on this machine"
    rm -rf "$fresh"
  fi
}

# The environment is usable when it was finished for these requirements and still starts: a Python upgrade breaks it.
moto() {
  venv="$cache/moto"
  key=$(sha256sum "$here/moto.txt" | cut -d ' ' -f 1)
  if [ "$(cat "$venv/key" 2>/dev/null)" = "$key" ] && "$venv/bin/moto_server" --help >/dev/null 2>&1; then return; fi
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
    # The key comes last: without it the environment counts as unfinished.
    echo "$key" >"$venv/key"
  else
    note "cannot bring the S3 server: $(tail -n 1 "$log")"
    rm -rf "$venv"
  fi
}

system_packages
program restic /usr/bin/restic
program rclone /usr/bin/rclone
program prometheus /usr/bin/prometheus
program prometheus /usr/bin/promtool
program prometheus-node-exporter /usr/bin/prometheus-node-exporter
program hyperfine /usr/bin/hyperfine
restic_of trixie
restic_of sid
moto
