# Earshot as one plain service: the same handlers as on AWS, with an embedded AWS, behind one port. It listens on the
# loopback address alone, also in the container: give it the host's network (`docker compose up --build` does), or publish
# its port and set EARSHOT_LOCAL_HOST=0.0.0.0: then its log has the link, with a key, for who shall reach it.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
COPY requirements ./requirements
COPY scripts/setup scripts/needs.sh scripts/compiler.sh scripts/
COPY pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES.md ./
COPY earshot earshot
COPY config config
COPY crawler crawler
COPY extractor extractor
COPY annoy_service annoy_service
COPY listening listening
COPY api api
COPY ops ops
COPY local local
COPY cli cli
RUN scripts/setup run && .venv/bin/python -m extractor.model
# The frameworks that made the model file are no longer needed.
RUN .venv/bin/uv pip uninstall -q --python .venv/bin/python tensorflow-cpu tensorflow keras librosa onnx || true

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --create-home earshot && mkdir /state /music && chown earshot /state
WORKDIR /app
COPY --from=build /app /app
COPY serverless.yml ./
COPY infra/queues.json infra/
USER earshot
ENV EARSHOT_LOCAL_DIR=/state PORT=8000 EARSHOT_FOLDER_ROOTS=/music PATH=/app/.venv/bin:$PATH
VOLUME ["/state"]
HEALTHCHECK --interval=10s --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=5)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "local", "up"]
