"""MLflow is told what the laboratory found: by its real client, from an environment of its own, into a SQLite file."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.findings import write_champion, write_judgement, write_verdict
from lab.gate import verdict
from lab.judgement import Judgement

_ROOT = Path(__file__).parents[2]
_OLD, _NEW = "musicnn-msd@1-64d", "musicnn-msd@1-128d"
_READ = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
experiment = client.get_experiment_by_name("earshot")
runs = {}
for run in client.search_runs([experiment.experiment_id]):
    files = [file.path for file in client.list_artifacts(run.info.run_id)]
    runs.setdefault(run.info.run_name, []).append([run.data.params, run.data.metrics, sorted(files), run.info.status])
versions = len(client.search_model_versions("name = 'earshot'"))
aliases = client.get_registered_model("earshot").aliases
named = client.get_model_version_by_alias("earshot", "champion").tags["subject"] if "champion" in aliases else None
print(json.dumps({"runs": runs, "champion": named, "versions": versions}))
"""

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a Python that has MLflow; what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}

    def run(*words: str) -> str:
        command = [str(_ROOT / ".cache" / "mlflow" / "bin" / "python"), *words]
        ended = subprocess.run(
            command,
            cwd=_ROOT,
            env=environment | {"MLFLOW_DISABLE_TELEMETRY": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run


def _judgement(subject: str, share: float) -> Judgement:
    scores = {f"clip {number}": float(number < share * 100) for number in range(100)}
    return Judgement(subject, "c" * 64, {"query +5 %/recall@1": scores}, {"hub_skewness": 1.5}, {"seed": 7})


def test_judgements_become_runs_once_and_the_alias_follows_the_champion(run: Run, tmp_path: Path) -> None:
    old, new = _judgement(_OLD, 0.5), _judgement(_NEW, 0.9)
    write_judgement(tmp_path, old)
    write_judgement(tmp_path, new)
    assert "2 told to" in run("-m", "lab.tracking", str(tmp_path))
    kept = f"sqlite:///{tmp_path / 'mlflow.db'}"
    told: dict[str, Any] = json.loads(run("-c", _READ, kept))
    assert (told["versions"], told["champion"]) == (2, None), "nobody has promoted anything"
    ((params, metrics, files, status),) = told["runs"][_NEW]
    assert params == {"corpus": "c" * 64, "seed": "7"}
    assert metrics == {"query plus 5 percent/recall at 1": 0.9, "hub_skewness": 1.5}
    assert (files, status) == ([f"{_NEW}-cccccccccccc.json"], "FINISHED")

    write_verdict(tmp_path, verdict(old, new))
    write_champion(tmp_path, _NEW, "20261127T000000Z-0")
    assert "1 told to" in run("-m", "lab.tracking", str(tmp_path)), "a verdict came, and nothing else"
    told = json.loads(run("-c", _READ, kept))
    assert (told["versions"], told["champion"]) == (3, _NEW)
    metrics, files = max(((each[1], each[2]) for each in told["runs"][_NEW]), key=lambda each: len(each[0]))
    assert metrics["difference/query plus 5 percent/recall at 1"] == pytest.approx(0.4)
    assert files == [f"{_NEW}-cccccccccccc.json", f"{_NEW}-cccccccccccc.svg"]
    assert "0 told to" in run("-m", "lab.tracking", str(tmp_path))
