"""Heavy libraries stay where they are used: a cold start pays for every import."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SOCKETS = {"aiohttp", "http.client", "httpx", "requests", "spotipy", "urllib.request", "urllib3"}
_FRAMEWORKS = {"tensorflow", "keras", "librosa"}
_DECODERS = {"av", "soundfile", "soxr"}
_RUNTIMES = {"onnxruntime", "onnx"} | _DECODERS
_LIST_MODULES = "import json, sys; import {0}; print(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"


@pytest.mark.parametrize(
    ("handler", "forbidden"),
    [
        ("crawler.handler", _FRAMEWORKS | _RUNTIMES | {"numpy", "spotipy", "redis"}),
        ("crawler.file", _FRAMEWORKS | _RUNTIMES | {"numpy"}),
        ("extractor.handler", _FRAMEWORKS | _DECODERS),
        ("extractor.__main__", _FRAMEWORKS | _DECODERS),
        ("annoy_service.handler", _FRAMEWORKS | _RUNTIMES | {"faiss"}),
        ("pipelines.handler", _FRAMEWORKS | _RUNTIMES | {"scipy", "duckdb", "airflow", "prefect"}),
        ("api.handler", _FRAMEWORKS | _RUNTIMES | {"faiss"}),
    ],
)
def test_importing_a_handler_pulls_in_nothing_heavy(handler: str, forbidden: set[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES.format(handler)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    imported = set(json.loads(run.stdout))
    assert handler.partition(".")[0] in imported
    assert not imported & forbidden


def test_foreign_hosts_are_reached_through_one_client() -> None:
    """Spotify's goes through spotipy; `api_client` and the front door ask our own API; weights come at the build."""
    services = (path for name in ("api", "crawler", "earshot", "extractor") for path in (_ROOT / name).rglob("*.py"))
    found = {path.relative_to(_ROOT).as_posix() for path in services if _imported(path) & _SOCKETS}
    elsewhere = {name for name in found if not name.startswith(("crawler/spotify/", "api/door/"))}
    assert elsewhere == {"earshot/api_client.py", "earshot/web.py", "extractor/model/choi_weights.py"}


def test_lines_are_written_through_one_logger() -> None:
    """Lambda drops what the standard library's loggers say below a warning. One file silences a library's."""
    services = ("annoy_service", "api", "crawler", "earshot", "extractor")
    paths = (path for name in services for path in (_ROOT / name).rglob("*.py"))
    assert {path.relative_to(_ROOT).as_posix() for path in paths if "logging" in _imported(path)} == {
        "crawler/spotify/client.py"
    }


def test_no_test_is_left_out_where_something_is_missing() -> None:
    """A clone proves as much as any other place: what a test needs is here, or made by it."""
    ways_out = re.compile(r"importorskip|pytest_ignore_collect|pytest\.(mark\.)?skip")
    tests = {path for path in (_ROOT / "tests").rglob("*.py") if path != Path(__file__)}
    assert {path.name for path in tests if ways_out.search(path.read_text(encoding="utf-8"))} == set()


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, node.module.partition(".")[0]}
    return names
