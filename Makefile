# Everything that a person types here works on a fresh machine: each goal brings what it needs, and can be repeated.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

WITH := setup/with.sh
PREFIX ?= /usr/local

.PHONY: help demo test check up bench campaign build install uninstall components packages clean

help: ## what can be done here
	@echo 'pantheros: proves that backups work.'
	@echo
	@echo 'Start here (each brings what it needs, cleans up after itself and can be repeated):'
	@echo '  make demo        one real backup on this machine: snapshot, restic, S3, journal, /metrics. As root it uses a'
	@echo '                   real Btrfs file system; without root a plain folder'
	@echo '  make test        all tests, against real components; make check is one of them'
	@echo
	@echo 'Use it:'
	@echo '  make up          engine and metrics server until Ctrl-C; with your own: make up CONFIG=/etc/pantheros/pantheros.yaml'
	@echo '  make install     the command on this machine, with a Node of its own (PREFIX=$(PREFIX)); make uninstall'
	@echo
	@echo 'Work on it:'
	@echo '  make check       types, lint, import rules, generated files, the tests of the repository itself: what CI checks'
	@echo '  make test ONLY="retention ledger"   only the test files whose path holds one of the words'
	@echo '  make bench       side by side with what one would use instead; writes bench/RESULTS.md'
	@echo '  make campaign    2 000 kills and every other fault, about 30 minutes: no run may vanish (KILLS=, MINUTES=, SEED=)'
	@echo '  make build       dist/, as it is published'
	@echo '  make components  the programs that tests and demo use (restic, an S3 server, Prometheus, …)'
	@echo '  make clean       dist/ and node_modules/; what was brought for all clones stays in ~/.cache/pantheros'

# The programs are started by the recipes' shells in the foreground: Ctrl-C reaches them, and they clean up themselves.
demo: components build
	@exec $(WITH) node examples/demo/demo.ts

test: components
	@$(WITH) node setup/build.ts || echo 'the build failed: the tests of what is published will fail too' >&2
	@exec $(WITH) node test/run.ts $(ONLY)

check: packages
	@exec $(WITH) npm run --silent check

up: components build
	@if [ -n "$(CONFIG)" ]; then exec $(WITH) node src/main.ts up --config "$(CONFIG)"; \
	else exec $(WITH) node examples/demo/demo.ts --stay; fi

bench: components build
	@exec $(WITH) node bench/run.ts

campaign: components
	@exec $(WITH) node test/campaign/run.ts --kills "$(or $(KILLS),2000)" --minutes "$(or $(MINUTES),45)" $(if $(SEED),--seed $(SEED))

build: packages
	@exec $(WITH) node setup/build.ts

install:
	@exec $(WITH) setup/install.sh "$(PREFIX)"

uninstall:
	@rm -rf "$(PREFIX)/lib/pantheros" "$(PREFIX)/bin/pantheros"
	@echo 'removed $(PREFIX)/bin/pantheros and $(PREFIX)/lib/pantheros; configuration and state were not touched'

components:
	@setup/components.sh

packages:
	@$(WITH) true

clean:
	@rm -rf dist node_modules
