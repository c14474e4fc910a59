# Every target is a few lines that call a script; the scripts install what they need and say what they do.
# PG=17 in front (PG=17 make test) picks another PostgreSQL than the one pgrx.toml pins.

.DEFAULT_GOAL := help
.PHONY: help demo demo-stop clean-demo test test-all bench lint test-core test-phones test-extension test-sql test-isolation test-python test-hostile test-client test-dba test-torture torture test-worker test-packages test-board fuzz install package dist worker all
MAKEFLAGS += --no-print-directory
# As clients of PGXN say which PostgreSQL they mean.
ifdef PG_CONFIG
export PG := $(shell $(PG_CONFIG) --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
endif

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: ## Build, start a private PostgreSQL, and book, refuse and race for appointments before your eyes
	@scripts/demo.sh

demo-stop: ## Stop the demo's PostgreSQL and its board; the data stays
	@scripts/demo.sh stop && echo "The demo's PostgreSQL and its board are stopped. make demo starts them again."

clean-demo: ## Remove the demo's PostgreSQL and its data
	@scripts/demo.sh stop && scripts/cluster.sh remove demo && rm -rf target/demo && echo "The demo's PostgreSQL is removed, with its data."

test: ## Run every test (the first time about 33 minutes, then about 25)
	@scripts/test.sh

test-all: ## Run the tests that depend on PostgreSQL against 15, 17 and 18 (the first time builds the last two from source)
	@scripts/test-all.sh

bench: ## Measure the database and the worker (about 15 minutes)
	@scripts/bench.sh

lint: ## Compare the pins, check the formatting, run clippy
	@scripts/test.sh lint

test-core: ## Run the unit, property and documentation tests of core/
	@scripts/test.sh core

test-phones: ## Compare phone normalization with Google's library
	@scripts/test.sh phones

test-extension: ## Run the tests inside a server that cargo pgrx starts
	@scripts/test.sh extension

test-sql: ## Run the SQL tests (pg_regress)
	@scripts/test.sh sql

test-isolation: ## Run the concurrency tests, step by step (pg_isolation_regress)
	@scripts/test.sh isolation

test-python: ## Run the stress and property tests with real clients (pytest)
	@scripts/test.sh python

test-hostile: ## Run them again with a hostile search_path, called by a role that is no superuser
	@scripts/test.sh hostile

test-client: ## Run real clients: PostgREST with supabase-js, and the programs of README.md
	@scripts/test.sh client

test-dba: ## Dump and restore, replicate, drop, as a DBA does
	@scripts/test.sh dba

test-torture: ## Kill the server, its sessions and its primary in the middle of a storm, and look for what was answered
	@scripts/test.sh torture

# Any of these may stand in front of make.
torture: export BOOKING_TORTURE_ROUNDS ?= 20
torture: export BOOKING_SOAK_CALLS ?= 1000000
torture: export BOOKING_SOAK_SECONDS ?= 600
torture: ## The same for long: 20 kills of each kind, 10 minutes of mixed load, a million calls of each function (about 3 hours on 2 cores)
	@scripts/test.sh torture

test-worker: ## Run booking-worker against stand-ins for Twilio and Google, and kill it by the hundred
	@scripts/test.sh worker

test-board: ## Run the board in a real browser
	@scripts/test.sh board

test-packages: ## Install, upgrade and remove the Debian packages on clean machines; compare the images with what is built
	@scripts/test.sh packages

fuzz: export FUZZ_SECONDS ?= 3600
fuzz: export FUZZ_SQL_SECONDS ?= $(shell expr $(FUZZ_SECONDS) / 6)
fuzz: export FUZZ_SQL_SEED ?= $(shell date +%s)
fuzz: ## Feed every reader of input with hostile input for an hour, then PostgreSQL 15, 17 and 18 with random queries for 10 minutes each (FUZZ_SECONDS=60 shortens all)
	@scripts/test.sh fuzz && scripts/test-all.sh sqlsmith

worker: ## Build booking-worker into target/release
	@scripts/prerequisites.sh
	@scripts/worker.sh

install: ## Build the extension and install it into this machine's PostgreSQL
	@scripts/prerequisites.sh
	@scripts/install.sh

package: ## Build Debian packages of the extension and of booking-worker into target/package
	@scripts/prerequisites.sh
	@scripts/deb.sh

dist: ## Make the archive for PGXN of what is committed
	@scripts/dist.sh

# What a client of PGXN calls before `make install`.
all: ## Build the extension and lay out its files without installing them
	@scripts/prerequisites.sh
	@scripts/package.sh
