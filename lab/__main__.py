"""`python -m lab <verb>`: judge recipes, and let the best one serve."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from config.local import LocalSettings
from earshot.networks import DEFAULT_NETWORK, network_named
from earshot.recipes import default_recipe
from earshot.terminal import spare_the_terminal
from lab import verbs
from lab.corpus import Corpus, of_places
from ops.connection import reach
from ops.terminal import aws_in_words, in_words, say

Verb = Callable[[LocalSettings, argparse.Namespace], int]
"""Runs, and returns the exit code."""


def gate(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Say which of the judgements in a folder would pass against the champion's."""
    return verbs.gate(options.findings or _folders(settings).findings, options.against, say)


def pin(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Pin the corpus on which this stage's candidates are judged."""
    return verbs.pin(reach(settings), of_places(options.corpus), say)


def promote(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Judge a recipe and what serves on the pinned corpus, and let it serve if the gate does."""

    def corpus() -> Corpus:
        return of_places(options.corpus)

    return verbs.promote(
        reach(settings), _folders(settings), options.recipe, corpus, say, incomplete=options.incomplete
    )


def rollback(settings: LocalSettings, _options: argparse.Namespace) -> int:
    """Let the champion before this one serve again."""
    return verbs.rollback(reach(settings), _folders(settings), say)


def main(arguments: Sequence[str]) -> int:
    """Do what the words say; errors that people can mend become two lines."""
    options = _parser().parse_args(arguments)
    run: Verb = options.run

    def in_the_stage(settings: LocalSettings) -> int:
        chosen = settings.model_copy(update={"stage": options.stage or settings.stage})
        with aws_in_words(chosen.stage):
            return run(chosen, options)

    return in_words(in_the_stage)


def _folders(settings: LocalSettings) -> verbs.Folders:
    return verbs.Folders(settings.local_dir / "lab", settings.local_dir / "cache" / "lab")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--stage", help="`local`, or the name of a deployment (EARSHOT_STAGE; local)")
    named = parser.add_subparsers(required=True, metavar="VERB")

    def add(name: str, run: Verb) -> argparse.ArgumentParser:
        added = named.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    gating = add("gate", gate)
    gating.add_argument("findings", nargs="?", type=Path, help="folder of judgements (.local/lab)")
    gating.add_argument("--against", default=default_recipe(network_named(DEFAULT_NETWORK)).name, metavar="CHAMPION")
    for each in (add("pin", pin), promoting := add("promote", promote)):
        each.add_argument("--corpus", required=True, nargs="+", type=Path, help="a CSV of clips, or folders of music")
    promoting.add_argument("recipe", metavar="RECIPE", help="its name (docs/models.md)")
    promoting.add_argument(
        "--incomplete", action="store_true", help="although it lacks tracks of the one that serves, which are left out"
    )
    add("rollback", rollback)
    return parser


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
