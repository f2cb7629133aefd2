# SPDX-License-Identifier: Apache-2.0
# `make demo` and `make test` need nothing but Debian 12 and Swift; `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PACKAGES := libnghttp2-dev libssl-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev \
            libsqlite3-dev libzstd-dev libsimdjson-dev libpcre2-dev libmaxminddb-dev zlib1g-dev libdeflate-dev \
            pkg-config openssl python3 python3-venv iproute2
BENCH_PACKAGES := nghttp2-client libgrpc++-dev protobuf-compiler-grpc g++

SWIFT_FLAGS := -c release --explicit-target-dependency-import-check error
FORMATTED := $(shell git ls-files '*.swift' ':!:*/Generated/*' 2>/dev/null)

.PHONY: help deps build demo test attack proto proto-check format lint fuzz clean bench-ingest bench-detect bench-stream bench-journal \
        bench-archive bench-rpc bench-subscribers bench-respond

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: .venv/.stamp ## Install what building and testing need (Debian packages by name, a Python virtual environment)
	@Tools/install-packages $(PACKAGES)

.venv/.stamp: Tests/requirements.txt
	@Tools/install-packages python3 python3-venv
	@python3 -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check -r Tests/requirements.txt
	@touch $@

build: deps ## Build the service and the CLI
	@swift build $(SWIFT_FLAGS) --product trailhoundd
	@swift build $(SWIFT_FLAGS) --product trailhound

demo: build ## Run the whole way on sample logs: onboard, submit, detect, alert
	@Samples/demo

test: deps lint ## Run every test
	@swift build $(SWIFT_FLAGS) --build-tests
	@Protos/generate.sh --check
	@.build/release/trailhound detections test Rules
	@rm -rf .build/aws-calls
	@swift test -c release --skip-build --no-parallel
	@.venv/bin/python Tests/Attack/attack.py --programs .build/release --short --untimed
	@TRAILHOUND_POLICY_COVERAGE=1 swift test -c release --skip-build --no-parallel --filter PolicyCoverageTests

attack: build ## Attack the built service from outside and print a verdict an attack
	@.venv/bin/python Tests/Attack/attack.py --programs .build/release

proto: deps ## Generate the code of Protos/ anew
	@Protos/generate.sh

proto-check: deps ## Check that the generated code is current
	@Protos/generate.sh --check

format: ## Format the Swift code
	@swift format format --configuration .swift-format --parallel --in-place $(FORMATTED)

lint: ## Check the format of the Swift code, and that tests use what modules give to others (a release build has no more)
	@! grep -rn '^@testable' Tests Clients --include='*.swift'
	@Tools/module-graph --check
	@Tools/check-links
	@swift format lint --configuration .swift-format --parallel --strict $(FORMATTED)

fuzz: deps ## Fuzz what takes bytes from outside: SECONDS=60 for each of TARGETS="…" (all of them)
	@Tests/Fuzz/run $(or $(SECONDS),60) $(TARGETS)

bench-ingest: build ## Durable ingest beside the physical limits
	@Benchmarks/run ingest

bench-detect: ## Evaluation beside simdjson's parse rate
	@Benchmarks/run detect

bench-stream: ## What a million live groups of a correlation take
	@Benchmarks/run stream

bench-journal: ## The store alone while its archive grows to ten million records
	@Benchmarks/run journal

bench-archive: build ## Durable ingest and look-ups on an empty store and with ten million records stored
	@Benchmarks/run archive

bench-rpc: ## gRPC calls and streams beside gRPC C++ and a bare nghttp2 server
	@Tools/install-packages $(PACKAGES) $(BENCH_PACKAGES)
	@Benchmarks/run rpc

bench-subscribers: build ## Ten thousand subscribers: memory of each, and the time from submission to all of them
	@Benchmarks/run subscribers

bench-respond: build ## The time from a record to a stolen key that is Inactive, over moto
	@Benchmarks/run respond

clean: ## Remove what was built
	@rm -rf .build .build-* .demo Benchmarks/.build Tests/Fuzz/.build
