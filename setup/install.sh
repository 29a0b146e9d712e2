#!/bin/sh
# Installs the packed package for the whole machine, with a Node of its own, so that neither an old system Node nor its upgrade matters.
#
#   setup/install.sh PREFIX
#
# PREFIX/lib/pantheros   Node and the package; replaced as a whole
# PREFIX/bin/pantheros   the command
set -eu

prefix=$1
here=$(cd "$(dirname "$0")" && pwd)
root="$here/.."
library="$prefix/lib/pantheros"
mkdir -p "$prefix/lib" "$prefix/bin" || { echo "cannot write below $prefix: run as root, or choose PREFIX=\$HOME/.local" >&2; exit 1; }

fresh=$(mktemp -d "$prefix/lib/.pantheros.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(cd "$root" && npm pack --silent --pack-destination "$fresh" >/dev/null)
headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
if [ -f "$headers/include/node/node.h" ]; then export npm_config_nodedir="$headers"; fi
# The only script that may run is that of unix-dgram; a root package decides that, so there has to be one.
cat >"$fresh/package.json" <<'JSON'
{ "private": true, "allowScripts": { "unix-dgram": true } }
JSON
npm install --prefix "$fresh" --omit=dev --no-audit --no-fund --no-update-notifier --loglevel=error "$fresh"/pantheros-*.tgz >&2
rm "$fresh"/pantheros-*.tgz
install -D -m 755 "$(readlink -f "$(command -v node)")" "$fresh/bin/node"
"$fresh/bin/node" "$fresh/node_modules/pantheros/dist/main.js" --version >/dev/null
chmod 755 "$fresh"

rm -rf "$library"
mv -T "$fresh" "$library"
cat >"$prefix/bin/pantheros.new" <<LAUNCHER
#!/bin/sh
exec "$library/bin/node" "$library/node_modules/pantheros/dist/main.js" "\$@"
LAUNCHER
chmod 755 "$prefix/bin/pantheros.new"
mv "$prefix/bin/pantheros.new" "$prefix/bin/pantheros"
echo "pantheros $("$prefix/bin/pantheros" --version) is $prefix/bin/pantheros; begin with: pantheros init, pantheros doctor"
