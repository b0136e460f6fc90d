# Two commands on a fresh machine: `make demo` runs the main job, `make test` passes the tests. Both install what they need.
.PHONY: build demo test neon address format lint clean

SWIFT_FILES = Package.swift Sources Tests
TEST_FLAGS = -c release -Xswiftc -enable-testing --scratch-path .build/testing

build:
	@Scripts/install.sh build
	swift build -c release --product hone

demo:
	@Scripts/install.sh build demo
	swift build -c release --product hone
	@Scripts/demo.sh

test:
	@Scripts/install.sh build test
	swift build --build-tests $(TEST_FLAGS)
	swift test --skip-build $(TEST_FLAGS)

neon address:
	@Scripts/kernels.sh $@

format:
	swift format --in-place --recursive $(SWIFT_FILES)

lint:
	find Package.swift Sources Tests -name '*.swift' ! -name '*.pb.swift' -print0 | xargs -0 swift format lint --strict

clean:
	rm -rf .build .cache .venv
