"""`python -m lab gate`, `pin`, `promote`, `rollback`: the words of the command line, and which stage they are about."""

import argparse
from pathlib import Path
from typing import Any

from config.local import LocalSettings
from earshot.networks import DEFAULT_NETWORK, network_named
from earshot.recipes import default_recipe
from lab import verbs
from lab.corpus import Corpus
from lab.evaluating import WORK_DIR, music
from lab.stages import Verb, add_stage, in_its_stage
from ops.connection import reach
from ops.terminal import say


def gate(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Say which of the judgements in a folder would pass against the champion's."""
    return verbs.gate(options.findings or _folders(settings).findings, options.against, say)


def pin(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Pin the corpus on which this stage's candidates are judged."""
    return verbs.pin(reach(settings), music(options.corpus), say)


def promote(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Judge a recipe and what serves on the pinned corpus, and let it serve if the gate does."""

    def corpus() -> Corpus:
        return music(options.corpus)

    return verbs.promote(
        reach(settings), _folders(settings), options.recipe, corpus, say, incomplete=options.incomplete
    )


def rollback(settings: LocalSettings, _options: argparse.Namespace) -> int:
    """Let the champion before this one serve again."""
    return verbs.rollback(reach(settings), _folders(settings), say)


def add_promoting(named: Any) -> None:
    """Add the verbs to those of the command line."""

    def add(name: str, verb: Verb) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = named.add_parser(name, help=verb.__doc__, description=verb.__doc__)
        added.set_defaults(run=lambda options: in_its_stage(verb, options))
        add_stage(added)
        return added

    gating = add("gate", gate)
    gating.add_argument("findings", nargs="?", type=Path, help="folder of judgements (.local/lab)")
    gating.add_argument("--against", default=default_recipe(network_named(DEFAULT_NETWORK)).name, metavar="CHAMPION")
    for each in (add("pin", pin), promoting := add("promote", promote)):
        each.add_argument(
            "--corpus", nargs="+", type=Path, default=[], metavar="PLACE", help="a CSV, or folders of music"
        )
    promoting.add_argument("recipe", metavar="RECIPE", help="its name (docs/models.md)")
    promoting.add_argument(
        "--incomplete", action="store_true", help="although it lacks tracks of the one that serves, which are left out"
    )
    add("rollback", rollback)


def _folders(settings: LocalSettings) -> verbs.Folders:
    return verbs.Folders(settings.local_dir / "lab", settings.local_dir / "cache" / "lab", WORK_DIR)
