# What a developer of userlog does, by name. Running the program itself needs nothing but Go.

GO ?= go
FUZZTIME ?= 20s

# Gin's codec for msgpack is left out: userlog uses none, and it takes as long to compile as Gin and userlog together.
TAGS := -tags=nomsgpack

# What debuggers read is left out of what is only tested, and compilers collect garbage less often. Both together take a quarter
# off the time of a build.
LEAN := -gcflags=all=-dwarf=false
test quick lint cover floor weight hosts: export GOGC = 400

# The race detector, except in the hash of passwords, where it finds nothing and makes each three times as slow. It also leaves out what
# parses and compresses what belongs to one call, and the browser's messages. No package stands here that instantiates a generic type
# of sync or sync/atomic. Each package does that has a sync.Map. The linker takes one instantiation for the whole program. If that one
# lacks the detector's marks, the detector reports races where there are none.
unraced = $(foreach package,$(1),'-gcflags=$(package)=-race=false -dwarf=false')
RACE := -race $(LEAN) $(call unraced,golang.org/x/crypto/argon2 compress/flate golang.org/x/net/html/... github.com/andybalholm/cascadia \
	github.com/PuerkitoBio/goquery github.com/chromedp/cdproto/...)

# What needs it and what does not is built with it, also what tests build and what is only checked: to build everything
# twice takes minutes where nothing is cached.
RACING := GOFLAGS="$(GOFLAGS) $(TAGS) $(RACE)"

# What reads our deployments and alerts as Compose, Kubernetes and Prometheus do is left out, too, also where it instantiates such types.
# So its tests run one after another. To test it without the race detector would compile all of Go once more.
FOREIGN := GOFLAGS="$(GOFLAGS) $(TAGS) $(RACE) $(call unraced,github.com/compose-spec/... github.com/go-openapi/... \
	github.com/google/gnostic-models/... github.com/prometheus/prometheus/... k8s.io/... sigs.k8s.io/...)"

# Modules that applications import, and what their tests need. docs/decisions/001-modules.md says why they are apart.
LIGHT := internal/redistest middleware store store/embedded store/metrics
PACKAGES := ./... $(LIGHT:%=./%/...)

# Browser tests, comparisons and tools are modules of their own, so that applications that import
# userlog don't inherit what they need. The linters load all but the tools at once.
CHECKED := $(PACKAGES) $(patsubst %,./%/...,bench test/e2e test/signon test/soak test/upgrade)

SHELLSCRIPTS := $(wildcard .ci/* */*.sh */*/*.sh) tools/tidy

# The oldest Go that the light modules work with, as their go.mod says.
FLOOR := go1.25.8

.DEFAULT_GOAL := help

##@ Every day

.PHONY: help
help: ## List the targets
	@awk '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z]+:.*## / { target = $$0; sub(/:.*/, "", target); sub(/.*## /, ""); printf "  make %-12s %s\n", target, $$0 }' $(firstword $(MAKEFILE_LIST))

# Built and then run, because "go run" calls it a failure when Ctrl-C ends the demo.
.PHONY: demo
demo: ## Try userlog: a sample shop and the admin that watches it; ARGS="--addr 127.0.0.1:8081" sets flags
	@echo "Building userlog, of which nothing is said until it is done: less than a minute the first time, and then seconds."
	@GOGC=400 $(GO) build $(TAGS) $(LEAN) -o userlog . && exec ./userlog demo $(ARGS)

# One more package than there are processors is built or tested beside the others, since tests of faults mostly wait.
BESIDE = -p $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) -parallel 4

# Vet is for lint. Browsers come last, by themselves: they and six-node Clusters starve each other on two processors.
.PHONY: test
test: packages browsers ## Run all tests: with the race detector, a real Redis and a real browser

.PHONY: packages
packages: setup
	$(RACING) $(GO) test -vet=off -timeout 20m $(BESIDE) ./test/soak ./test/signon $(PACKAGES) ./bench/internal/scale
	cd test/deploy && $(FOREIGN) $(GO) test -vet=off -timeout 20m .
	cd test/monitoring && $(FOREIGN) $(GO) test -vet=off -timeout 20m .

# More packages at once than there are processors, since they mostly wait for a real Redis.
.PHONY: quick
quick: setup ## Run the tests of the root module without the race detector: half a minute
	GOFLAGS="$(GOFLAGS) $(TAGS) $(LEAN)" $(GO) test -vet=off -p 6 -parallel 8 ./...

# BROWSERS names the tests that run.
.PHONY: browsers
browsers: setup
	$(RACING) $(GO) test -vet=off -timeout 20m -parallel 6 $(if $(BROWSERS),-run '$(BROWSERS)') ./test/e2e

# The tag adds what only "make lighthouse" compiles. The linters are built without the race detector.
.PHONY: lint
lint: setup ## Check format and code of every module, scripts of the shell, links, sentences and spelling of the documents
	@gofumpt=$$($(GO) -C tools tool -n gofumpt) && unformatted=$$($$gofumpt -l .) && \
	if [ -n "$$unformatted" ]; then echo "make format would change:"; echo "$$unformatted"; exit 1; fi
	@lint=$$($(GO) -C tools tool -n lint) && $(RACING) $$lint -tags nomsgpack,lighthouse -checks all $(CHECKED) && \
		(cd test/deploy && $$lint -checks all ./...) && (cd test/monitoring && $$lint -checks all ./...) && \
		cd tools && $$lint -tags release -checks all ./... && $(GO) test -vet=off ./... && $(GO) run ./doccheck ..
	@if command -v shellcheck >/dev/null; then shellcheck $(SHELLSCRIPTS); \
		else echo "lint: shellcheck is not installed, so scripts of the shell are not checked" >&2; [ -z "$$CI" ]; fi
	@if command -v npm >/dev/null; then npm --prefix tools/frontend run --silent lint; \
		else echo "lint: npm is not installed, so scripts and stylesheets are not checked" >&2; [ -z "$$CI" ]; fi
	@cd tools && $(GO) run ./vulncheck ..

.PHONY: format
format: setup ## Format the code of every module, and with npm scripts and stylesheets
	@gofumpt=$$($(GO) -C tools tool -n gofumpt) && $$gofumpt -w .
	@if command -v npm >/dev/null; then npm --prefix tools/frontend run --silent format; \
		else echo "format: npm is not installed, so scripts and stylesheets are not formatted" >&2; fi

##@ Applications that import userlog

# Nothing else runs then, and without the race detector tests mostly wait: twice as many of them at once take half the time.
.PHONY: floor
floor: setup ## Test what applications import at the oldest versions of Go, Gin and go-redis that it works with
	@for module in $(LIGHT); do \
		(cd $$module && GOFLAGS="$(GOFLAGS) $(TAGS) $(LEAN)" GOWORK=off GOTOOLCHAIN=$(FLOOR) $(GO) test -vet=off -parallel 8 ./...) || exit 1; \
	done

.PHONY: weight
weight: ## Check how much an application has to carry that only records
	cd tools && GOFLAGS="$(GOFLAGS) $(LEAN)" $(GO) run ./weight -toolchain $(FLOOR)

# The check of the weight compiles little that the tests at the floor have not compiled.
.PHONY: hosts
hosts: ## Check all that is promised to applications: floor, weight
	@$(MAKE) --no-print-directory floor
	@$(MAKE) --no-print-directory weight

##@ More tests and figures

.PHONY: cover
cover: setup ## Measure the coverage of every package; coverage/index.html shows the lines
	@mkdir -p coverage
	$(GO) test -coverprofile=coverage/profile $(PACKAGES)
	@$(GO) tool cover -html=coverage/profile -o coverage/index.html
	@$(GO) tool cover -func=coverage/profile | tail -n 1

.PHONY: fuzz
fuzz: ## Run every fuzz test for FUZZTIME (20s)
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

.PHONY: soak
soak: setup ## Run the tests of faults, and of a page left open, for minutes, and print their figures
	cd test/soak && $(RACING) USERLOG_SOAK=1 $(GO) test -v -count 1 -timeout 60m ./...
	cd test/e2e && $(RACING) USERLOG_SOAK=1 $(GO) test -v -count 1 -timeout 60m -run '^(TestLiveLogStaysQuick|TestEveryPage)$$' .

.PHONY: upgrade
upgrade: ## Test this version beside the one that was released before it; it needs the whole history of the repository
	cd test/upgrade && GOFLAGS="$(GOFLAGS) $(TAGS) $(LEAN)" $(GO) test -vet=off -v -count 1 ./...

# Half an hour, on a machine that does nothing else.
.PHONY: bench
bench: ## Measure what userlog costs, next to what it may cost; ROW=cpu only that, BASE=DIR beside another clone, QUICK=1 once
	cd bench && GOFLAGS="$(GOFLAGS) $(TAGS)" $(GO) run . $(ROW:%=-row %) $(if $(BASE),-base $(abspath $(BASE))) $(QUICK:%=-quick)

.PHONY: lighthouse
lighthouse: setup ## Let Lighthouse judge login, home, static and live, and print its scores
	npm ci --ignore-scripts --prefix test/e2e/lighthouse --no-fund --no-audit --loglevel=error
	cd test/e2e && $(GO) test -tags nomsgpack,lighthouse -count 1 -v -run '^TestLighthouse$$' .

.PHONY: screenshots
screenshots: setup ## Take the screenshots in docs/screenshots anew
	cd test/e2e && $(GO) test -count 1 -run '^TestScreenshots$$' . -args -screenshots $(CURDIR)/docs/screenshots

##@ Releases

.PHONY: sbom
sbom: ## Write what the program is made of to userlog.cdx.json: CycloneDX, with licences; SBOM=FILE another file
	cd tools && $(GO) run ./sbom .. $(abspath $(or $(SBOM),userlog.cdx.json))

.PHONY: dist
dist: ## Build archives, packages, images and checksums into dist; PLATFORMS=linux/amd64 only that
	cd tools && $(GO) run ./dist $(PLATFORMS:%=-platforms %)

# Minutes. It works on clones of the last commit, and changes nothing of the machine.
.PHONY: distcheck
distcheck: ## Check a release: the same bytes twice; its image runs; its package is installed, started, upgraded and purged (Debian, as root)
	deploy/packages/check.sh

##@ Dependencies and assets

.PHONY: setup
setup: ## Install what the tests need besides Go (Debian and Ubuntu, as root)
	@.ci/setup

.PHONY: tidy
tidy: ## Tidy the go.mod of every module
	GO=$(GO) tools/tidy

.PHONY: assets
assets: setup ## Bundle the scripts and stylesheets of the pages into static/built, with Node.js
	npm --prefix tools/frontend run --silent build

.PHONY: vendor
vendor: ## Fetch the pinned work of other people from the npm registry: assets of the pages, common passwords
	static/vendor.sh
	auth/vendor.sh
