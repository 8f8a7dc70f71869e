"""`python -m lab evaluate`: judges recipes, prints tables, and writes a judgement each."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from config.local import LocalSettings
from demo.music import demo_music
from earshot.errors import InvalidInput
from earshot.networks import DEFAULT_NETWORK, network_named
from earshot.recipes import RECIPES, default_recipe, recipe_named
from lab.corpus import Corpus, of_places
from lab.evaluate import hear_corpus, judge
from lab.findings import write_judgement
from lab.hearing import is_built
from lab.judgement import Judgement
from lab.lake import plays_of
from lab.listening import ITEM_KNN, PlaysCorpus, invented_plays, judge_listening, read_plays
from lab.metadata import NAME as METADATA
from lab.metadata import judge_metadata
from lab.report import listening_report, report
from lab.stages import add_stage, in_its_stage
from ops.connection import reach

_ROOT = Path(__file__).resolve().parents[1]
WORK_DIR = _ROOT / "build" / "lab"
"""Where what was heard is kept."""
INVENTED, LAKE = "invented", "lake"
"""Plays that are in no table: of people who do not exist, and of a stage's own."""


def add_evaluate(verbs: Any) -> None:
    """Add the verb to those of the command line."""
    what = "Judge recipes, or models of listening: print how they differ, and write a judgement of each."
    parser: argparse.ArgumentParser = verbs.add_parser("evaluate", help=what, description=what)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=f"by default all that are built, and {METADATA}")
    parser.add_argument(
        "--corpus", nargs="+", type=Path, default=[], metavar="PLACE", help="a CSV, or folders of music"
    )
    parser.add_argument("--against", metavar="CHAMPION", help="what the others are compared with")
    parser.add_argument(
        "--out", type=Path, default=WORK_DIR / "judgements", metavar="FOLDER",
        help="where judgements are written (build/lab/judgements)",
    )  # fmt: skip
    parser.add_argument(
        "--listening", nargs="?", const=INVENTED, metavar="PLAYS",
        help="models of listening, on plays of a table (a CSV), of a stage (`lake`) or of invented people (`invented`)",
    )  # fmt: skip
    add_stage(parser, "whose lake it is: ")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge, print and write; the exit code.

    Raises:
        InvalidInput: there is no such recipe or model, or the corpus cannot be used.
        InvalidSettings: a network's files are missing.
    """
    if options.listening == LAKE:
        return in_its_stage(_listening_of_stage, options)
    if options.stage:
        raise InvalidInput(
            f"--stage {options.stage} says whose lake is read, and none is", hint="Add: --listening lake"
        )
    if options.listening:
        plays = invented_plays() if options.listening == INVENTED else read_plays(Path(options.listening))
        return _listening(plays, options)
    against = options.against or default_recipe(network_named(DEFAULT_NETWORK)).name
    names = list(dict.fromkeys([against, *(options.recipes or [*built_recipes(), METADATA])]))
    judged = {each.subject: each for each in judge_all(names, music(options.corpus), WORK_DIR)}
    print(report([*judged.values()], _named(against, judged)))
    _write([*judged.values()], options.out)
    return 0


def _listening_of_stage(settings: LocalSettings, options: argparse.Namespace) -> int:
    return _listening(plays_of(reach(settings), settings.local_dir / "cache" / "lab"), options)


def _listening(plays: PlaysCorpus, options: argparse.Namespace) -> int:
    models = {each.subject: each for each in judge_listening(plays)}
    print(listening_report([*models.values()], _named(options.against or ITEM_KNN, models)))
    _write([*models.values()], options.out)
    return 0


def music(places: Sequence[Path]) -> Corpus:
    """The corpus at these places; by default the demo's music."""
    return of_places(places or [demo_music(_ROOT / ".cache" / "demo-music").folder])


def built_recipes() -> list[str]:
    """The names of those whose network's files are built."""
    return [recipe.name for recipe in RECIPES.values() if is_built(recipe.network)]


def judge_all(names: Sequence[str], corpus: Corpus, work_dir: Path) -> list[Judgement]:
    """Judgements of these recipes, of metadata too where it is named; each clip is treated once for all networks."""
    recipes = [recipe_named(name) for name in names if name != METADATA]
    networks = list({recipe.network.name: recipe.network for recipe in recipes}.values())
    if networks:
        hear_corpus(corpus, networks, work_dir)
    return [
        judge_metadata(corpus) if name == METADATA else judge(recipe_named(name), corpus, work_dir=work_dir)
        for name in names
    ]


def _named(name: str, judged: Mapping[str, Judgement]) -> Judgement:
    if name not in judged:
        raise InvalidInput(f"nothing called {name!r} was judged", hint=f"There is: {', '.join(judged)}.")
    return judged[name]


def _write(judgements: Sequence[Judgement], folder: Path) -> None:
    for each in judgements:
        write_judgement(folder, each)
