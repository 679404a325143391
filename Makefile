# The front door for developers: names for commands that stand elsewhere, and nothing else. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

SOURCES = git ls-files '*.cc' '*.h'
CHANGED = git diff --name-only --diff-filter=d main -- '*.cc' '*.h'

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24
try: ## install, build, start the demonstration of three nodes, play its story
	./try
setup: ## install what building and testing need
	deploy/setup.sh
build: ## release build of everything
	cmake --preset release >/dev/null && ninja -C build/release
dev: ## debug build of everything
	cmake --preset dev >/dev/null && ninja -C build/dev
test: ## release build, lint, unit tests, functional tests, one table
	./test
test-unit: ## unit tests alone
	./test --unit
test-all: ## also the long tests
	./test --all
asan: ## unit tests under address and undefined-behaviour sanitizers
	./test --asan
tsan: ## unit tests of what has several threads, under the thread sanitizer
	./test --tsan
fuzz: ## every fuzz target for a minute
	./test --fuzz
ci: ## what the server runs
	.ci/run
lint: ## rules that the compiler does not know
	tests/lint.py
reasons: ## every reject reason and the tests that provoke it
	tests/reasons.py
format: ## clang-format on the files that differ from main
	$(CHANGED) | xargs -r clang-format-14 -i
format-check: ## names the files that differ from main and are not as clang-format has them
	$(CHANGED) | xargs -r clang-format-14 --dry-run -Werror
format-count: ## how many files of the whole tree are not as clang-format has them
	@for file in $$($(SOURCES)); do clang-format-14 --dry-run -Werror $$file 2>/dev/null || echo $$file; done | wc -l
tidy: ## clang-tidy on the sources that differ from main
	$(CHANGED) | grep '\.cc$$' | xargs -r clang-tidy-14 -p build/release --quiet
bench: ## the whole-node figures
	bench/node_load.py
docs: ## output in README.md and docs/, and the page of reject reasons, made anew
	docs/refresh.py
build-times: ## the table of build times in docs/development.md, from the last release build
	docs/build_times.py
man: ## manual pages into build/release/man
	ninja -C build/release man_pages
clean: ## delete every build
	rm -rf build
