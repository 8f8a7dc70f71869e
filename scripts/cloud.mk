# Targets for AWS, included by the Makefile. STAGE=dev (or any other name but local) names the deployment.
.PHONY: package build-all plan deploy destroy logs redrive cost export import check-infra lock-providers test-cloud chaos
ZIP_ARCHITECTURE ?= arm64
ifneq ($(STAGE),local)
# Terraform and osls read AWS_REGION, boto3 reads AWS_DEFAULT_REGION: all must mean the same region.
AWS_REGION := $(or $(AWS_REGION),$(AWS_DEFAULT_REGION),eu-central-1)
AWS_DEFAULT_REGION := $(AWS_REGION)
export AWS_REGION AWS_DEFAULT_REGION
endif

package: setup-dev model ## Build every function's zip, CloudFormation template and list of parts, and check them
	@$(PY) -m scripts.package --architecture $(ZIP_ARCHITECTURE)
	@EARSHOT_ARCHITECTURE=$(ZIP_ARCHITECTURE) EARSHOT_PACKAGE=$(ZIP_ARCHITECTURE)-python3.13 $(PY) -m scripts.template dev prod
	@scripts/sbom

build-all: package ## Everything that gets deployed, built

plan: setup model ## What `make deploy STAGE=dev` would change in AWS
	@scripts/deploy plan "$(STAGE)"

deploy: setup model ## Put STAGE=dev into AWS: plan, apply, functions, smoke test (SMOKE_PLAYLIST=… crawls one)
	@SMOKE_PLAYLIST="$(SMOKE_PLAYLIST)" scripts/deploy apply "$(STAGE)"

destroy: setup ## Remove STAGE=dev from AWS with everything in it
	@scripts/deploy destroy "$(STAGE)"

logs: ## Follow the log of FUNCTION=extract in STAGE=dev
	@test -n "$(FUNCTION)" || { echo "usage: make logs STAGE=dev FUNCTION=extract" >&2; exit 2; }
	@grep -q '^  $(FUNCTION):$$' serverless.yml || { echo "earshot: serverless.yml has no function $(FUNCTION)" >&2; exit 2; }
	@if [ "$(STAGE)" = local ]; then folder=$$($(PY) -m ops where) && exec tail -n 50 -F "$$folder/logs/$(FUNCTION).log"; else \
	    scripts/without-credentials npm ci --no-audit --no-fund --silent && exec node_modules/.bin/osls logs --stage "$(STAGE)" --function "$(FUNCTION)" --tail; fi

redrive: setup ## Show dead letters; SEND=fetch sends those of a queue back
	@$(PY) -m ops redrive $(if $(SEND),--send "$(SEND)")

cost: setup ## Price TRACKS=…, and QUERIES=… and PLAYS=… a month
	@$(PY) -m scripts.cost $(if $(TRACKS),--tracks $(TRACKS)) $(if $(QUERIES),--queries $(QUERIES)) $(if $(PLAYS),--plays $(PLAYS))

export: setup ## Save the whole catalogue to FILE=… (TABLE=…: of a table that was restored)
	@test -n $(call as_given,FILE) || { echo "usage: make export FILE=catalogue.jsonl.gz [STAGE=dev]" >&2; exit 2; }
	@$(PY) -m ops export $(if $(value TABLE),--table $(call as_given,TABLE)) -- $(call as_given,FILE)

import: setup ## Load a catalogue from FILE=…
	@test -n $(call as_given,FILE) || { echo "usage: make import FILE=catalogue.jsonl.gz [STAGE=dev]" >&2; exit 2; }
	@$(PY) -m ops import -- $(call as_given,FILE)

check-infra: ## Terraform's format, validity and tests without AWS, and checkov
	@scripts/check-infra

lock-providers: ## Write infra/.terraform.lock.hcl anew (asks Terraform's registry)
	@scripts/lock-providers

test-cloud: setup-dev model ## Deploy into an AWS account on this machine and go the whole way through it
	@$(PY) -m pytest tests/cloud $(ARGS)

chaos: setup-dev model ## Three minutes of kills, throttling and failures; ends with table == index == what was crawled
	@$(PY) -m pytest tests/chaos $(ARGS)
