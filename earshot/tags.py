"""Which of the tags that a network heard are said: those likelier than chance by what was measured of each.

A network gives every tag of its head some probability, and the ten likeliest are kept of a track, however unlikely. A
tag is *said* of a track where its probability reaches the tag's threshold. Thresholds are the tag's own, not the
catalogue's: a track does not lose a tag because others come (docs/adr/0049). `bench.tags.fit` measures them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from earshot.titles import plain
from earshot.track import Tag

MEASURED = Path(__file__).with_name("data") / "tags-1.json"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a tag.

    Attributes:
        name: as the network's authors write it.
        base_rate: how probable it is of music at large, 0..1.
        threshold: the least probability with which it is said, 0..1.
    """

    name: str
    base_rate: float
    threshold: float


_UNKNOWN = Measured("", base_rate=0.0, threshold=0.0)
"""Of a tag that no file describes, as of a network that somebody adds: it is said whenever it was kept."""


@cache
def measured_tags() -> Mapping[str, Measured]:
    """What was measured, by the tags' plain names."""
    found = json.loads(MEASURED.read_text(encoding="utf-8"))["tags"]
    return MappingProxyType({plain(name): Measured(name, **figures) for name, figures in found.items()})


def measured(name: str) -> Measured:
    """What was measured of the tag, whatever its case and accents."""
    return measured_tags().get(plain(name), _UNKNOWN)


@cache
def threshold_of(name: str) -> float:
    """The least probability with which the tag `name` is said. (Cached: a page of results asks hundreds of times.)"""
    return measured(name).threshold


def is_said(tag: Tag) -> bool:
    """Whether the tag may be said of the track that has it."""
    return tag.probability >= threshold_of(tag.name)


def said(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    """Those of a track's tags that are said of it, in their order."""
    return tuple(tag for tag in tags if is_said(tag))
