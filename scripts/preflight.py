"""Whether a deployment can work, asked before anything is made: `python -m scripts.preflight dev`.

Settings are read by the classes by which the functions read them, from the environment that serverless.yml gives them:
what a function would refuse at its start is refused here. Prints for a program how many functions may run at a time.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

import boto3
import yaml

from config.api import ApiSettings
from config.base import ENV_PREFIX, FunctionSettings
from config.crawl_playlist import CrawlPlaylistSettings
from config.deliveries import DeliverySettings
from config.extract import ExtractSettings
from config.fetch_preview import FetchPreviewSettings
from config.index_tracks import IndexTracksSettings
from config.keep_plays import KeepPlaysSettings
from config.learn_facts import LearnFactsSettings
from config.learn_listening import LearnListeningSettings
from config.local import ROOT
from config.pipeline_step import PipelineStepSettings
from config.queue_changes import QueueChangesSettings
from config.reconcile import ReconcileSettings
from config.reconcile_index import ReconcileIndexSettings
from config.record_plays import RecordPlaysSettings
from earshot.errors import EarshotError, InvalidSettings
from earshot.networks import DEFAULT_NETWORK
from scripts.account import check

READ_BY: Final[dict[str, tuple[type[FunctionSettings], ...]]] = {
    "crawl_playlist": (CrawlPlaylistSettings, DeliverySettings),
    "fetch_preview": (FetchPreviewSettings, DeliverySettings),
    "extract": (ExtractSettings, DeliverySettings),
    "reconcile": (ReconcileSettings,),
    "learn_facts": (LearnFactsSettings,),
    "queue_changes": (QueueChangesSettings,),
    "index_tracks": (IndexTracksSettings, DeliverySettings),
    "compact_index": (IndexTracksSettings, DeliverySettings),
    "reconcile_index": (IndexTracksSettings, ReconcileIndexSettings),
    "record_plays": (RecordPlaysSettings, DeliverySettings),
    "keep_plays": (KeepPlaysSettings,),
    "learn_listening": (LearnListeningSettings,),
    "pipeline_step": (IndexTracksSettings, PipelineStepSettings),
    "api": (ApiSettings,),
}
"""The settings that each function reads when it starts."""

ARCHITECTURES = ("arm64", "x86_64")
_STAGE = re.compile(r"[a-z][a-z0-9-]{0,15}")
_FROM_ENVIRONMENT = re.compile(r"\$\{env:(\w+), '([^']*)'\}")
_MADE_BY_INFRA = re.compile(r"\$\{[^${}]*\}")


def check_settings(stage: str, settings: Mapping[str, str]) -> None:
    """Read what a deployment takes from its environment.

    Raises:
        InvalidSettings: names the variable that is misspelt, or whose value a function would refuse.
    """
    if not _STAGE.fullmatch(stage):
        raise InvalidSettings(
            f"{stage!r} is no name for a stage",
            hint="Use 1 to 16 lower-case letters, digits and hyphens, a letter first: bucket names hold it.",
        )
    document = _serverless()
    for name in sorted(name for name in settings if name.startswith(ENV_PREFIX)):
        _is_no_typo(name)
    if (architecture := settings.get("EARSHOT_ARCHITECTURE") or "arm64") not in ARCHITECTURES:
        raise InvalidSettings(f"EARSHOT_ARCHITECTURE={architecture}: choose from {', '.join(ARCHITECTURES)}")
    _parameters_fit(_parameters(document, stage))
    for function, readers in READ_BY.items():
        environment = environment_of(document, function, settings)
        for reader in readers:
            reader.of({**environment, "EARSHOT_STAGE": stage})
    model = settings.get("EARSHOT_MODEL") or DEFAULT_NETWORK
    if not (ROOT / "build" / "model" / f"{model}.json").exists():
        raise InvalidSettings(
            f"EARSHOT_MODEL={model}: the files of that network are not built",
            hint=f"Build them first: python -m extractor.model {model} (docs/models.md).",
        )


def environment_of(document: Mapping[str, Any], function: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Variables of a function as serverless.yml sets them; what only AWS knows is a placeholder."""
    variables = {**document["provider"]["environment"], **document["functions"][function]["environment"]}
    return {name: _filled(str(value), settings) for name, value in variables.items()}


def reserved(document: Mapping[str, Any], stage: str) -> int:
    """Concurrent executions that a stage's functions keep for themselves."""
    kept = sum(int(function.get("reservedConcurrency", 0)) for function in document["functions"].values())
    return kept + int(_parameters(document, stage)["apiWarm"])


def _parameters(document: Mapping[str, Any], stage: str) -> dict[str, Any]:
    return {**document["params"]["default"], **document["params"].get(stage, {})}


def _parameters_fit(parameters: Mapping[str, Any]) -> None:
    """osls would say so, too, but not before Terraform has applied its part."""
    if parameters["apiSnapStart"] and int(parameters["apiWarm"]):
        raise InvalidSettings(
            "apiSnapStart and apiWarm exclude each other", hint="Choose one of them in serverless.yml."
        )
    if parameters["rollout"] == "canary" and not parameters["apiSnapStart"]:
        raise InvalidSettings(
            "rollout: canary wants apiSnapStart: true", hint="Set that, or rollout: at-once, in serverless.yml."
        )


def _filled(text: str, settings: Mapping[str, str]) -> str:
    text = _FROM_ENVIRONMENT.sub(lambda match: settings.get(match[1], match[2]), text)
    while _MADE_BY_INFRA.search(text):
        text = _MADE_BY_INFRA.sub("1", text)
    return text


def _is_no_typo(name: str) -> None:
    taken = set(re.findall(r"\$\{env:(EARSHOT_\w+)", (ROOT / "serverless.yml").read_text(encoding="utf-8")))
    if name in taken | set(_read_somewhere()):
        return
    if meant := get_close_matches(name, taken, n=1, cutoff=0.8):
        raise InvalidSettings(f"{name} is no setting", hint=f"Do you mean {meant[0]}?")


def _read_somewhere() -> Iterator[str]:
    for readers in READ_BY.values():
        for reader in readers:
            yield from (f"{ENV_PREFIX}{field.upper()}" for field in reader.model_fields)


def _serverless() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    return document


def main(arguments: list[str]) -> int:
    """Say whose account it is and what is in the way; 1 when something is."""
    parser = argparse.ArgumentParser(description="Whether a stage can be deployed; changes nothing.")
    parser.add_argument("stage")
    stage = parser.parse_args(arguments).stage
    session = boto3.Session()
    try:
        check_settings(stage, os.environ)
        account = check(session, stage, reserved=reserved(_serverless(), stage))
    except EarshotError as error:
        print(f"error: {error.message}\n{error.hint}".rstrip(), file=sys.stderr)
        return 1
    print(f"AWS account {account.number}, region {account.region}", file=sys.stderr)
    if account.is_narrow:
        print(
            f"It may run {account.concurrent} functions at a time: enough, but a large crawl takes its time. For more: "
            "Service Quotas, AWS Lambda, Concurrent executions, 1,000.",
            file=sys.stderr,
        )
    print(account.concurrent)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
