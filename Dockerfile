# The API and nothing else, from an index bucket: `python -m api`, see docs/operations.md ("The API as a container").
# (All of Earshot on one machine, with an embedded AWS: local/Dockerfile, which compose.yml runs.)
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
COPY requirements/setup.txt requirements/build.txt requirements/service.txt requirements/
RUN python -m venv /opt/uv && /opt/uv/bin/pip install -q --require-hashes -r requirements/setup.txt
# Annoy's own flags say -march=native, whose binary can die on another processor: name the instruction set instead.
RUN isa= && if [ "$(uname -m)" = x86_64 ]; then isa=,-march=x86-64-v3; fi \
    && python -m venv --without-pip .venv \
    && ANNOY_COMPILER_ARGS="-D_CRT_SECURE_NO_WARNINGS,-O3,-ffast-math,-fno-associative-math,-fno-finite-math-only,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14$isa" \
       /opt/uv/bin/uv pip install -q --compile-bytecode --python .venv/bin/python --require-hashes \
       --build-constraints requirements/build.txt -r requirements/service.txt

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin earshot && install -d -o earshot -g earshot /cache
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY LICENSE THIRD_PARTY_NOTICES.md ./
COPY earshot earshot
COPY config config
COPY api api
RUN python -m compileall -q earshot config api
USER 10001:10001
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 POWERTOOLS_SERVICE_NAME=api \
    EARSHOT_INDEX_CACHE_DIR=/cache PORT=8000
VOLUME ["/cache"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=300s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=5)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "api"]
