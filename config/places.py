"""Settings that say where music may come from, of whoever crawls and of whoever accepts what is to be crawled."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from earshot.sources import SOURCES, find_source

OWN = tuple(name for name, source in SOURCES.items() if source.is_own)
"""Sources that are on from the start."""


def _split(value: object, separator: str) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(separator) if part.strip())
    return value


def _known(value: object) -> object:
    names = _split(value, ",")
    if not isinstance(names, tuple):
        return names
    if unknown := sorted(name for name in names if not find_source(name)):
        raise ValueError(f"{', '.join(unknown)}: choose from {', '.join(SOURCES)}")
    return tuple(source.name for name in names if (source := find_source(name)))


Providers = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_known)]
"""Names in `earshot.sources`, comma-separated."""
Roots = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(lambda value: _split(value, os.pathsep))]
"""Folders, separated like PATH."""
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(lambda value: _split(value, ","))]
"""Names of hosts, comma-separated; `*.example.org`: all below."""
