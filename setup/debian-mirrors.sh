#!/bin/sh
# Prints the repositories, a line each, from which the machine's own apt takes the main packages of a suite.
#
#   setup/debian-mirrors.sh SUITE
set -eu

apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
  awk -v suite="$1" '$2 == suite && $3 == "main" && !seen[$1]++ { print $1 }'
