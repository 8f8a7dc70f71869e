"""`python -m lab.tracking FOLDER` (`make track`): tells MLflow what the laboratory found, and who is champion.

An exporter: what it tells lies in FOLDER (`lab.findings`), what serves is said by the index's pointer, and nothing here
asks MLflow for a decision. It runs in an environment of its own (`scripts/tool-environment mlflow`). MLflow's own
variable MLFLOW_TRACKING_URI names the server; where it is not set, a SQLite file in FOLDER keeps the runs. What was
told before is not told again.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.utils.time import get_current_time_millis

from earshot.errors import EarshotError
from lab.findings import champion_in, judgement_files, judgement_in, plot_of, verdict_of
from lab.judgement import Judgement

EXPERIMENT: Final = "earshot"
MODEL: Final = "earshot"
"""The registered model: each version is a recipe, or a model of listening, as it was judged."""
CHAMPION: Final = "champion"
_DIGEST: Final = "judgement"
"""The tag that tells whether a judgement was told already."""


@dataclass(frozen=True, slots=True)
class Told:
    """How many judgements became runs now, how many had been, and whose version has the alias (empty: none)."""

    new: int
    known: int
    champion: str


def track(client: MlflowClient, folder: Path) -> Told:
    """Tell all that is in `folder`.

    Raises:
        InvalidJudgement: a file of it is none.
        MlflowException: the server refuses.
    """
    experiment = _experiment(client, folder)
    new = known = 0
    for file in judgement_files(folder):
        if _version(client, _DIGEST, _digest(folder, file)):
            known += 1
        else:
            _tell(client, experiment, folder, file)
            new += 1
    return Told(new, known, _move_alias(client, folder))


def _experiment(client: MlflowClient, folder: Path) -> str:
    known = client.get_experiment_by_name(EXPERIMENT)
    if known is not None:
        return str(known.experiment_id)
    beside = None if os.environ.get("MLFLOW_TRACKING_URI") else (folder / "artifacts").resolve().as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=beside))


def _tell(client: MlflowClient, experiment: str, folder: Path, file: Path) -> None:
    """A run, and a version of the registered model that names it: last, since it says that all is told."""
    judgement = judgement_in(file)
    run: Run = client.create_run(experiment, run_name=judgement.subject)
    run_id, now = run.info.run_id, get_current_time_millis()
    told = {**judgement.parameters, "corpus": judgement.corpus}
    client.log_batch(
        run_id,
        metrics=[Metric(_named(name), value, now, 0) for name, value in _figures(folder, judgement)],
        params=[Param(_named(name), str(value)) for name, value in told.items()],
        tags=[RunTag("subject", judgement.subject), RunTag("corpus", judgement.corpus)],
    )
    client.log_artifact(run_id, str(file))
    if plot := plot_of(folder, judgement):
        client.log_artifact(run_id, str(plot))
    verdict = verdict_of(folder, judgement)
    client.set_terminated(run_id)
    _ensure_model(client)
    client.create_model_version(
        MODEL,
        source=run.info.artifact_uri,
        run_id=run_id,
        tags={"subject": judgement.subject, "corpus": judgement.corpus, _DIGEST: _digest(folder, file)},
        description=str(verdict) if verdict else "",
    )


def _figures(folder: Path, judgement: Judgement) -> Iterator[tuple[str, float]]:
    """Means of the metrics, figures of the whole and, where there is a verdict, what differs from the champion."""
    for metric in judgement.scores:
        yield metric, judgement.mean(metric)
    yield from judgement.figures.items()
    if verdict := verdict_of(folder, judgement):
        for metric, difference in verdict.differences.items():
            yield f"difference/{metric}", difference.mean
            yield f"difference low/{metric}", difference.low
            yield f"difference high/{metric}", difference.high


def _move_alias(client: MlflowClient, folder: Path) -> str:
    """Let the alias follow what `lab promote` and `lab rollback` have noted; nothing else moves it."""
    champion = champion_in(folder)
    if not champion:
        return ""
    version = _version(client, "subject", champion)
    if not version:
        return ""
    client.set_registered_model_alias(MODEL, CHAMPION, version)
    return champion


def _version(client: MlflowClient, tag: str, value: str) -> str:
    """The newest version of the registered model with this tag; empty: there is none."""
    found = [
        int(version.version)
        for version in client.search_model_versions(f"name = '{MODEL}'", max_results=1000)
        if version.tags.get(tag) == value
    ]
    return str(max(found)) if found else ""


def _ensure_model(client: MlflowClient) -> None:
    try:
        client.get_registered_model(MODEL)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        client.create_registered_model(MODEL, description="Recipes and models of listening, as they were judged.")


def _digest(folder: Path, file: Path) -> str:
    """Of a judgement and of what the gate says of it: a verdict that came later is told, too."""
    verdict = verdict_of(folder, judgement_in(file))
    return hashlib.sha256(file.read_bytes() + (verdict.to_json().encode() if verdict else b"")).hexdigest()


def _named(name: str) -> str:
    """MLflow takes letters, digits and a few signs."""
    for sign, word in (("@", " at "), ("+", "plus "), ("%", "percent")):
        name = name.replace(sign, word)
    return re.sub(r"[^\w\-. :/]", "_", name)


def main(arguments: Sequence[str]) -> int:
    """Tell, and say how much there was to tell; errors that people can mend become two lines."""
    (folder,) = map(Path, arguments)
    if not any(judgement_files(folder)):
        sys.stderr.write(f"error: no judgement lies in {folder}\nMake some: python -m lab evaluate --help.\n")
        return 1
    server = os.environ.get("MLFLOW_TRACKING_URI", "")  # may hold a password, so it is never said
    file = (folder / "mlflow.db").resolve()
    try:
        told = track(MlflowClient(tracking_uri=server or f"sqlite:///{file}"), folder)
    except EarshotError as error:
        sys.stderr.write(f"error: {error.message}\n{error.hint}\n")
        return 1
    except MlflowException as error:
        refused = error.message.replace(server or "\n", "MLFLOW_TRACKING_URI")
        sys.stderr.write(f"error: MLflow refuses: {refused}\nCheck MLFLOW_TRACKING_URI. What was told stays told.\n")
        return 1
    where = "the server of MLFLOW_TRACKING_URI" if server else file
    champion = told.champion or "none of them"
    sys.stdout.write(f"{told.new} told to {where}, {told.known} were there already; {CHAMPION}: {champion}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
