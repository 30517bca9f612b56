# Every target says what it is for: make help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help check deps cue addon build types lint fix test unit api console e2e fuzz campaign matrix upgrade demo kind down bench image release promtool docs

help: ## List the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

check: ## Say what this machine lacks, in one sentence each
	@bash scripts/check-tools.sh

node_modules/.package-lock.json: package-lock.json package.json scripts/node/package.json
	@echo 'installing the Node packages ...'
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@npm run --silent check:node
	@touch $@

deps: check node_modules/.package-lock.json ## Install the Node packages

cue: deps ## Build CUE as WebAssembly, for both of KubeVela's versions
	@npm run --silent cue:build

addon: cue dist/task-runs/metadata.yaml ## Assemble dist/task-runs, the directory for `vela addon enable`

dist/task-runs/metadata.yaml: metadata.yaml $(shell find addon definitions cue/go cue/ts scripts -type f) package-lock.json | cue
	@npm run --silent addon

build: cue dist/controller/main.js ## Bundle the controller, the command line and the console into dist/

dist/controller/main.js: $(shell find controller/src console definitions cue/go cue/ts -type f) $(wildcard addon/resources/crd-*.yaml) scripts/bundle.ts scripts/build-controller.ts scripts/build-cli.ts scripts/build-console.ts scripts/console-bundle.ts scripts/bundled-packages.ts scripts/plan-parts.ts package-lock.json package.json | cue
	@echo 'bundling the controller, the command line and the console ...'
	@npm run --silent build

types: cue ## Check the types, and that generated files are fresh
	@npm run --silent generate -- --check
	@npm run --silent typecheck

lint: deps ## Check layout, style, words, workflows and the borders between the rooms
	@npm run --silent format -- --check
	@npm run --silent borders
	@npm run --silent words
	@npm run --silent workflows
	@npm run --silent lint

fix: deps ## Format everything, and fix what lint can fix
	@npm run --silent format
	@npm run --silent lint -- --fix

unit: addon build ## Unit, property and definition tests
	@npx vitest run --project unit

api: addon build ## Tests against a real API server
	@npx vitest run --project api

console: build ## Tests of the console in Chromium, which is installed where it is missing and may be
	@npx vitest run --project console

# As root the controller runs in a pod, as in the demo; CONTROLLER=beside runs it beside the cluster.
e2e: addon build ## End-to-end tests, against KUBEVELA_HOME or KUBECONFIG where set, else the sandbox with the stand-in
	@npx vitest run --project e2e

# What uses one processor runs beside each other. A minute of each fuzz test, while the others wait for clusters.
test: cue ## Everything that has to pass
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types lint addon build
	@$(MAKE) --no-print-directory unit
	@bash scripts/with-fuzz.sh 60 npx vitest run --project api --project console --project e2e

fuzz: deps cue ## Strangers' text for each parser, SECONDS (60) each; SEED=n repeats one
	@SEED='$(SEED)' bash scripts/with-fuzz.sh $(or $(SECONDS),60) true

campaign: addon build ## Every kill point of every story, and made-up cases until MINUTES (60) are over; SEED=n repeats one
	@npx tsx scripts/campaign.ts --minutes $(or $(MINUTES),60) --seed '$(SEED)'

# RELEASES='1.35 1.36' chooses some; KUBEVELA_HOMES=dir:dir adds the end-to-end tests with each of these KubeVelas.
matrix: addon build ## API and main end-to-end tests on each release of Kubernetes: a quarter of an hour each
	@npx tsx scripts/matrix.ts $(RELEASES)

# The last commit of 0.1.0.
FROM ?= e694418
upgrade: addon build ## From an earlier version (FROM=commit) to this one, disable, enable, and back, amid 500 Tasks: 30 minutes
	@UPGRADE_FROM=$$(bash scripts/older-version.sh $(FROM)) && export UPGRADE_FROM && npx vitest run --project upgrade

demo: addon build ## Bring a cluster up, enable the addon and deploy a task three times
	@npm run --silent demo

# KIND_NODE=kindest/node:v1.34.2 and KUBEVELA_VERSION=1.10.9 choose versions.
kind: addon build ## The same on kind, for people who have Docker: a cluster, KubeVela, the addon, three deployments
	@npm run --silent kind

down: ## End the sandbox; what was built stays in .cache
	@if [ -d node_modules ]; then npm run --silent sandbox -- down; fi

bench: addon build ## Measure; a table, and out/bench.json
	@npm run --silent bench

docs: deps ## Build the documentation's site in dist/docs; a link that leads nowhere fails it
	@npm run --silent docs

# IMAGE=name:tag names it, ARCH=amd64 makes one of them, SOURCE=address is its label, ENGINE=docker builds by the Dockerfile.
image: build ## Build the controller's image, for amd64 and arm64, in dist/image; PUSH=registry/name:tag pushes it
	@npm run --silent image -- $(if $(IMAGE),--name '$(IMAGE)') $(if $(ARCH),--arch '$(ARCH)') $(if $(SOURCE),--source '$(SOURCE)') \
	  $(if $(PUSH),--push '$(PUSH)') $(if $(ENGINE),--engine '$(ENGINE)')

# DRAFT=1 takes a working tree as it is; IMAGE=registry/name:tag is what the addon runs; INDEX=file is the registry's index of before,
# and BASE=https://... where the addon's package will be, if not beside the index; SOURCE=https://... is the repository.
release: addon build ## Write a release into dist/release: addon, images, command line, YAML, lists of contents, sums, notes
	@npm run --silent release -- $(if $(DRAFT),--draft) $(if $(IMAGE),--image '$(IMAGE)') $(if $(INDEX),--index '$(INDEX)') $(if $(BASE),--base '$(BASE)') $(if $(SOURCE),--source '$(SOURCE)')

promtool: addon build ## Build Prometheus (minutes, once), test the alerts with it, and let it scrape a controller
	@PROMETHEUS=1 npx vitest run --project api test/api/prometheus.test.ts
