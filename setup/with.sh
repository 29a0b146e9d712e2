#!/bin/sh
# Runs a command with everything the project needs on its PATH: Node 24, the locked packages, and what `make components` brought.
#
#   setup/with.sh COMMAND [ARGUMENT…]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
node=$("$here/node.sh")
PATH="$node:$here/../node_modules/.bin:$PATH:/usr/sbin:/sbin:${XDG_CACHE_HOME:-$HOME/.cache}/pantheros/bin"
export PATH
"$here/packages.sh"
exec "$@"
