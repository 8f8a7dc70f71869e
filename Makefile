# Earshot. `make demo` shows it, `make test` proves it, `make help` lists the rest.
STAGE ?= local
PORT ?= 8000
PY := .venv/bin/python
# The shell's word for a variable's value as it was given, whatever is in it: folders are called "Guns N' Ro$es".
as_given = '$(subst ','\'',$(value $(1)))'
export STAGE PORT
ifeq ($(origin HOST),command line)  # some shells have a variable HOST of their own, which means something else
export EARSHOT_LOCAL_HOST := $(HOST)
endif
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo proxy test-players test-kafka test-batch batch simulate test-field up down status crawl extract similar repair promote champion rollback track vectors shards pipeline pipeline-states test-pipelines test-tracking model test lint format lock build-all bench-extract \
        bench-songs bench-windows bench-index bench-ingest bench-page bench-scan bench-batch bench-api bench-listening bench-plots bench-quality bench-tags bench-queries bench-recorded lab fuzz clean spotify-login openapi drawing notices

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup:
	@scripts/without-credentials scripts/setup run
setup-dev:
	@scripts/without-credentials scripts/setup dev

model: setup ## Build the network's file from the published checkpoint (cached)
	@$(PY) -m extractor.model

demo: model ## Whole pipeline on real music, here, then the page (MUSIC=~/Music for your own; ARGS=--no-open)
	@$(PY) -m demo $(if $(value MUSIC),--music $(call as_given,MUSIC)) $(ARGS)

up: model ## Start everything on http://127.0.0.1:$PORT; Ctrl-C stops it (HOST=0.0.0.0: for your other devices, too)
	@$(PY) -m local up

down: setup ## Stop what `make up` started
	@$(PY) -m local down

status: setup ## What runs, and what the catalogue holds
	@$(PY) -m ops status

proxy: setup ## A media server with Earshot's ears, for its players (UPSTREAM=http://nas.local:4533 HOST=0.0.0.0)
	@$(PY) -m proxy $(if $(value HOST),--host $(call as_given,HOST)) $(if $(value UPSTREAM),--upstream $(call as_given,UPSTREAM))

crawl: setup ## Crawl PLAYLIST=… (a folder, or a playlist id, URI or URL; REMOVE_MISSING=1, or =all: remove what left it)
	@test -n $(call as_given,PLAYLIST) || { echo "usage: make crawl PLAYLIST=<folder, or playlist id, URI or URL>" >&2; exit 2; }
	@$(PY) -m ops crawl $(if $(REMOVE_MISSING),--remove-missing=$(patsubst 1,0,$(REMOVE_MISSING))) -- $(call as_given,PLAYLIST)

extract: setup ## Re-drive every track that still awaits its embedding
	@$(PY) -m ops extract

spotify-login: setup ## Log in to Spotify once, to crawl playlists of your own
	@EARSHOT_STAGE=$(STAGE) $(PY) -m crawler spotify-login

similar: setup ## Tracks that sound like TRACK=… (K=10)
	@test -n $(call as_given,TRACK) || { echo "usage: make similar TRACK=<track id, URI or URL> [K=10]" >&2; exit 2; }
	@$(PY) -m ops similar $(if $(value K),-k $(call as_given,K)) -- $(call as_given,TRACK)

batch: model ## JOB=embed on Spark: INPUT=… (a folder, s3://bucket/prefix/, a manifest) OUTPUT=… (STAGE=prod: on AWS)
	@test -n $(call as_given,JOB) || { echo "usage: make batch JOB=embed INPUT=… OUTPUT=… (ARGS=--help lists more)" >&2; exit 2; }
	@if [ "$$STAGE" = local ]; then run="$$(scripts/spark-environment)/python -m batch"; else run="$(PY) -m batch.submit"; fi && \
	    exec $$run $(call as_given,JOB) $(if $(value INPUT),--input $(call as_given,INPUT)) \
	    $(if $(value OUTPUT),--output $(call as_given,OUTPUT)) $(ARGS)

repair: setup ## Make table, index and previews agree (ARGS=--table-lost or --rebuild)
	@$(PY) -m ops repair $(ARGS)

promote: setup ## Let the index of RECIPE=… serve (docs/models.md; ARGS=--incomplete: though it lacks tracks)
	@test -n $(call as_given,RECIPE) || { echo "usage: make promote RECIPE=<recipe> [ARGS=--incomplete]" >&2; exit 2; }
	@$(PY) -m ops promote $(ARGS) -- $(call as_given,RECIPE)

champion: model ## Judge RECIPE=… on the pinned music (CORPUS=…), and let it serve if the gate does (docs/lab.md)
	@test -n $(call as_given,RECIPE) || { echo "usage: make champion RECIPE=<recipe> [CORPUS=<CSV or folder>] [ARGS=--incomplete]" >&2; exit 2; }
	@$(PY) -m lab promote $(ARGS) $(if $(value CORPUS),--corpus=$(call as_given,CORPUS)) -- $(call as_given,RECIPE)

rollback: setup ## Let the champion before this one serve again (docs/lab.md)
	@$(PY) -m lab rollback

track: setup ## Tell MLflow what the laboratory found here (MLFLOW_TRACKING_URI; or a SQLite file in FINDINGS=.local/lab)
	@findings=$(if $(value FINDINGS),$(call as_given,FINDINGS),$$($(PY) -m ops where)/lab) && \
	    MLFLOW_DISABLE_TELEMETRY=true $$(scripts/tool-environment mlflow)/python -m lab.tracking "$$findings"

vectors: setup ## Copy the index that serves to Amazon S3 Vectors, or what has changed (EARSHOT_VECTOR_BUCKET)
	@$(PY) -m ops vectors

shards: setup ## Try the catalogue in shards behind one front door, beside `make up` (OF=4)
	@$(PY) -m ops shards --of $(or $(OF),4) $(ARGS)

pipeline: setup ## From PLAYLIST=… to a promoted index version; what is done is not done again (RECIPE=…)
	@test -n $(call as_given,PLAYLIST) || { echo "usage: make pipeline PLAYLIST=<folder, or playlist id, URI or URL> [RECIPE=<recipe>]" >&2; exit 2; }
	@$(PY) -m pipelines run --playlist=$(call as_given,PLAYLIST) $(if $(value RECIPE),--recipe=$(call as_given,RECIPE))

pipeline-states: setup ## Write infra/pipeline.asl.json from pipelines/steps.json
	@$(PY) -m pipelines.state_machine

# Whatever the shell says, compiled modules are kept: each worker and each function of a stack would compile them anew.
test: setup-dev ## All tests, on two cores (pytest arguments: ARGS="-k index")
	@$(PY) -m extractor.model
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-players: setup-dev ## A real media server and real players around Earshot, in an environment of their own
	@$(PY) -m extractor.model
	@scripts/tool-environment players >/dev/null
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest tests/players $(ARGS)

test-kafka: setup-dev ## Plays from a real broker, whose reader is killed meanwhile
	@scripts/tool-environment broker >/dev/null
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest tests/kafka $(ARGS)

test-pipelines: setup-dev ## The pipeline by Step Functions, Airflow and Prefect, of each of which a step is killed
	@$(PY) -m extractor.model
	@scripts/tool-environment airflow >/dev/null
	@scripts/tool-environment prefect >/dev/null
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest tests/pipelines $(ARGS)

test-tracking: setup-dev ## What MLflow is told, by its own client in an environment of its own
	@scripts/tool-environment mlflow >/dev/null
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest tests/tracking $(ARGS)

test-batch: setup-dev model ## The same work on Spark, whose workers are killed meanwhile
	@scripts/tool-environment broker >/dev/null
	@packages=$$(scripts/spark-environment packages) && \
	    env -u PYTHONDONTWRITEBYTECODE PYTHONPATH="$$packages" $(PY) -m pytest tests/batch $(ARGS)

simulate: setup-dev ## Invented people with a known taste play through the API (LISTENERS=100 DAYS=14 RATE=50 URL=; ARGS=--judge)
	@$(PY) -m simulator $(if $(LISTENERS),--listeners $(call as_given,LISTENERS)) $(if $(DAYS),--days $(call as_given,DAYS)) \
	    $(if $(RATE),--rate $(call as_given,RATE)) $(if $(URL),--url $(call as_given,URL)) $(ARGS)

test-field: setup-dev ## Inputs as people report them, where ../shared/cases has them, each with what its user expects
	@$(PY) -m extractor.model
	@if test -d $${EARSHOT_SHARED:-../shared}/cases; then \
	    env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest tests/field $(ARGS); \
	else echo "earshot: no cases from the field here"; fi

lint: setup-dev ## ruff, mypy --strict, and the rules of who imports whom
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

format: setup-dev ## Let ruff write the code's format
	@.venv/bin/ruff check -q --fix . ; .venv/bin/ruff format -q .

lock: setup ## Re-resolve the pinned requirements
	@scripts/lock

bench-api: setup-dev ## What the HTTP layer costs: overhead, 200 connections, cold start, filters (fails on a miss)
	@$(PY) -m bench.api
	@$(PY) -m bench.api.filters

bench-index: setup-dev ## The index at 100,000 and 1,000,000 tracks (fails on a miss; 20 minutes, 15 GB of disk)
	@$(PY) -m bench.index.searchable
	@$(PY) -m bench.index.engines
	@$(PY) -m bench.index
bench-extract: setup-dev model ## The extractor: speed, exactness, memory, cold start (fails on a miss; wants a quiet machine)
	@$(PY) -m bench.extract

bench-songs: setup-dev model ## What a song of full length costs beside its clip, in twelve formats (fails on a miss)
	@$(PY) -m bench.songs

bench-windows: setup-dev model ## Same-track recall of the clips that different rules choose (ARGS="FOLDER ..." for other music)
	@$(PY) -m bench.windows $(ARGS)

bench-queries: setup-dev model ## How soon a query by sound is answered while a crawl of 1,000 runs (fails on a miss)
	@$(PY) -m bench.queries $(ARGS)

bench-recorded: setup-dev model ## Whether what a browser's microphone hears finds its track, quiet and with noise (fails on a miss)
	@$(PY) -m bench.queries.recorded $(ARGS)

lab: setup-dev model ## The laboratory (ARGS="evaluate RECIPE … --corpus CSV"; ARGS=--help lists its verbs)
	@$(PY) -m lab $(ARGS)

bench-quality: setup-dev model ## How good the answers are, by recipe and by encoding (fails on a miss; ARGS=CSV or ARGS="FOLDER ..." for other music)
	@$(PY) -m bench.quality $(ARGS)

bench-tags: setup-dev model ## How right the tags are that are said, how telling reasons are (fails on a miss)
	@$(PY) -m bench.tags

bench-plots: setup-dev ## Draw docs/benchmarks/*.svg from the results
	@$(PY) -m bench.plots

bench-ingest: setup-dev model ## From PUT to searchable, and a playlist of 1,000 (fails on a miss)
	@$(PY) -m bench.ingest

bench-page: setup-dev ## What a touch of a large map costs a slow phone, and the gap between two tracks (fails on a miss)
	@$(PY) -m bench.page

bench-scan: setup-dev ## A second crawl of 20,000 files that have not changed (fails on a miss)
	@$(PY) -m bench.scan

bench-batch: setup-dev model ## What the same work costs on Spark, and a million tracks on EMR Serverless (fails on a miss)
	@packages=$$(scripts/spark-environment packages) && export PYTHONPATH="$$packages" && failed=0 && \
	    for part in bench.batch bench.batch.building bench.batch.listening; do $(PY) -m $$part || failed=1; done && exit $$failed

bench-listening: setup-dev ## What people play: what the champion finds, what serving and fitting cost (fails on a miss)
	@$(PY) -m bench.listening
	@$(PY) -m bench.listening.serving
	@$(PY) -m bench.listening.rate
	@$(PY) -m bench.listening.lake
	@$(PY) -m bench.listening.tastes

fuzz: setup-dev ## Hostile requests against the api, damaged files of every format against the decoder
	@EARSHOT_FUZZ_REQUESTS=20000 $(PY) -m pytest tests/integration/api/test_fuzz.py
	@EARSHOT_FUZZ_EXAMPLES=5000 $(PY) -m pytest tests/fuzz

openapi: setup-dev ## Write docs/openapi.json from the code
	@mkdir -p build
	@$(PY) -m api.http.openapi > build/openapi.json && mv build/openapi.json docs/openapi.json

drawing: setup-dev ## Draw the house in docs/architecture.md from the code
	@$(PY) -m scripts.drawing

notices: setup-dev ## Write THIRD_PARTY_NOTICES.md from the pinned requirements
	@$(PY) -m scripts.notices

clean: ## Remove what was built here (not the state under .local; `rm -r .local` does that)
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

include scripts/cloud.mk
