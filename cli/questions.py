"""What questions to the API have in common: filters, answers as lists; and questions to whoever sits there."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.answer import Answer
from earshot.api_client import ApiClient

_LISTS = ("genre", "not_artist", "key")
_SINGLE = ("year", "length", "folder", "source", "bpm", "loudness", "popularity")


def filters(options: argparse.Namespace) -> dict[str, str | list[str]]:
    """What tracks must be, as parameters of a question."""
    given = {name: value for name in ("tags", *_LISTS, *_SINGLE) if (value := getattr(options, name))}
    return {**given, **({"folder": _absolute(options.folder)} if options.folder else {})}


def listening(options: argparse.Namespace) -> dict[str, float]:
    """How much counts what the same people play, where somebody says so."""
    return {} if options.listening is None else {"listening": options.listening}


def listed(
    client: ApiClient,
    options: argparse.Namespace,
    path: str,
    body: Mapping[str, object] | None = None,
    **query: str | float | list[str] | None,
) -> Answer:
    """The answer as the list that the options ask for."""
    root = options.path_root
    return Answer(None, "", listed=client.list_of(path, body, **query, format=options.form, path_root=root))


def agrees(question: str) -> bool:
    """Whether somebody says yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _absolute(folder: str) -> str:
    """A folder as the API knows it: of this machine, where it is one that begins with `~` or a dot."""
    return str(Path(folder).expanduser().absolute()) if folder.startswith(("~", ".")) else folder
