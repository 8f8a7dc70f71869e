"""Heavy libraries stay where they are used: a cold start pays for every import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_FRAMEWORKS = {"tensorflow", "keras", "librosa"}
_RUNTIMES = {"onnxruntime", "soundfile", "av", "soxr", "onnx"}
_LIST_MODULES = "import json, sys; import {0}; print(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"


@pytest.mark.parametrize(
    ("handler", "forbidden"),
    [
        ("crawler.handler", _FRAMEWORKS | {"numpy", "onnxruntime", "spotipy", "redis"}),
        ("extractor.handler", _FRAMEWORKS),
        ("annoy_service.handler", _FRAMEWORKS | _RUNTIMES),
        ("api.handler", _FRAMEWORKS | _RUNTIMES),
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
