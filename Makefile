# The front door.  Each target installs what is missing, builds what it needs with Meson, and runs.
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 600

# Meson writes absolute paths: what was built before the tree was moved or copied is of no use here.
moved := $(shell [ ! -f build/where ] || [ "$$(cat build/where)" = "$(CURDIR)" ] || rm -rf build)

build_files := Makefile meson.build meson_options.txt layers.txt $(wildcard third_party/meson.build src/meson.build \
	src/*/meson.build src/programs/*.c tests/meson.build tests/*/meson.build fuzz/meson.build)
sqlite3mc = -Dsqlite3mc=$(CURDIR)/build/third_party/libsqlite3mc.a
# Checks of addresses and of undefined behaviour make much code, which optimizing takes twice as long as what it saves.
build/san/build.ninja: options = $(sqlite3mc) -Db_sanitize=address,undefined -Doptimization=1
build/tsan/build.ninja: options = $(sqlite3mc) -Db_sanitize=thread -Doptimization=1
build/fuzz/build.ninja: options = $(sqlite3mc) -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
build/clang/build.ninja: options = $(sqlite3mc)
# Of the analyzer's leaks only false ones are known here; the leak sanitizer looks for true ones in every test.
build/analyzer/build.ninja: options = $(sqlite3mc) -Dc_args='-fanalyzer -Wno-analyzer-malloc-leak'
build/fuzz/build.ninja build/clang/build.ninja: export CC = clang-14

.PHONY: build demo test bench tidy lint fuzz torture clean install-deps
.NOTPARALLEL:

build: install-build compile
	@echo "build/groundwork is ready."

demo: install-build compile
	examples/demo.sh build/groundwork build/demo

fuzz_build := $(if $(wildcard fuzz/meson.build),compile-fuzz)

test: install-build-test compile compile-san compile-tsan $(fuzz_build)
	@scripts/test.py all

tidy: install-build compile
	@scripts/test.py tidy

torture: install-build-test compile compile-san
	@scripts/test.py torture

fuzz: install-build-test compile compile-fuzz
	@scripts/test.py fuzz --seconds $(FUZZ_SECONDS)

bench: install-build-bench compile
	build/proof_bench
	bench/run --binary build/groundwork
	bench/match --binary build/groundwork-match

lint: install-build-test-lint compile build/analyzer/build.ninja build/clang/build.ninja
	@scripts/lint.sh

clean:
	rm -rf build

install-deps: install-build-test-bench-lint

install-%:
	@scripts/install.sh $(subst -, ,$*)

compile: build/build.ninja
	@ninja -C build -j $(JOBS) --quiet

compile-%: build/%/build.ninja
	@ninja -C build/$* -j $(JOBS) --quiet

%/build.ninja: $(build_files)
	@mkdir -p $*
	@echo "$(CURDIR)" >build/where
	@meson setup $(if $(wildcard $@),--reconfigure) $(options) $* >$*/setup.log || { cat $*/setup.log; exit 1; }
	@touch $@
