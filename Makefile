# Everything a person or a CI machine runs. On Debian 12 with a Swift toolchain, `make run` and `make test` do all
# the set-up themselves.

BUILD_PACKAGES := libssl-dev zlib1g-dev libnghttp2-dev pkg-config
TEST_PACKAGES := curl openssl python3 python3-numpy python3-h2 python3-venv nghttp2-client chromium
BENCHMARK_PACKAGES := nginx-light wrk nghttp2-client h2o openssl python3 haproxy

RELEASE := swift build -c release --static-swift-stdlib --product gateway
GATEWAY := .build/release/gateway
ARGUMENTS ?= --root config/demo

.PHONY: run build test lint format benchmark benchmark-reactor install-build install-test install-benchmark clean

## Builds the gateway and serves the bundled demo; other arguments by ARGUMENTS="--root DIR …".
run: build
	$(GATEWAY) $(ARGUMENTS)

## Builds .build/release/gateway, which needs no Swift on the machine it runs on.
build: install-build
	$(RELEASE)

## Runs every test.
test: install-build install-test
	swift test

## Checks format and style of the sources.
lint:
	swift format lint --strict --recursive Sources Tests Benchmarks Package.swift

## Formats the sources.
format:
	swift format --in-place --recursive Sources Tests Benchmarks Package.swift

## Compares the gateway with nginx, side by side.
benchmark: build install-benchmark
	python3 Benchmarks/side_by_side.py

## Measures what the event loop itself costs.
benchmark-reactor: install-build
	swift run -c release reactor-benchmark

install-build:
	@config/install-packages.sh $(BUILD_PACKAGES)

install-test:
	@config/install-packages.sh --optional $(TEST_PACKAGES)
	@Tests/Cellucid/environments.sh

install-benchmark:
	@config/install-packages.sh --optional $(BENCHMARK_PACKAGES)

clean:
	swift package clean
