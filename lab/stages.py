"""Which stage a word of the command line is about, and what went wrong there, in words."""

import argparse
from collections.abc import Callable

from config.local import LocalSettings
from ops.terminal import aws_in_words, in_words

Verb = Callable[[LocalSettings, argparse.Namespace], int]
"""Runs, and returns the exit code."""


def add_stage(parser: argparse.ArgumentParser, what: str = "") -> None:
    """Add the option that names the stage; `what`: of it is meant."""
    parser.add_argument("--stage", help=f"{what}`local`, or the name of a deployment (EARSHOT_STAGE; local)")


def in_its_stage(verb: Verb, options: argparse.Namespace) -> int:
    """The exit code of the verb, on the stage that the options or else the settings name."""

    def run(settings: LocalSettings) -> int:
        chosen = settings.model_copy(update={"stage": options.stage or settings.stage})
        with aws_in_words(chosen.stage):
            return verb(chosen, options)

    return in_words(run)
