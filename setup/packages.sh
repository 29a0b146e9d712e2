#!/bin/sh
# Installs the locked npm packages, unless they are here already for this Node. Expects that Node first on the PATH.
#
# The only package that is compiled is unix-dgram: optional, and allowed to run its script by `allowScripts` in package.json. Without
# a compiler it is left out and DogStatsD over a Unix socket is not available; everything else works.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  command -v g++ >/dev/null && command -v make >/dev/null && command -v python3 >/dev/null || "$here/debian-install.sh" g++ make python3 || true
fi
compiler=$(command -v g++ || echo none)

key=$(cat package.json package-lock.json | sha256sum | cut -d ' ' -f 1)-$(node -p 'process.versions.modules')-$compiler
stamp=node_modules/.pantheros
[ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || exit 0

# The headers that came with this Node: nothing is downloaded to compile against.
headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
if [ -f "$headers/include/node/node.h" ]; then export npm_config_nodedir="$headers"; fi

echo "setup: installing the npm packages" >&2
# npm has been seen to stop for ever while it unpacked a package of 27 000 files; started anew it takes a minute.
tries=3
until timeout --kill-after=10 300 npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo "setup: the npm packages could not be installed, see above" >&2; exit 1; }
  echo "setup: installing the npm packages again" >&2
done
if ! node -e 'require("unix-dgram")' >/dev/null 2>&1; then
  echo "setup: unix-dgram could not be compiled (g++, make and python3 are needed): DogStatsD by Unix socket is not available" >&2
  # One that was compiled but does not load would take the whole process with it.
  rm -rf node_modules/unix-dgram/build
fi
echo "$key" >"$stamp"
