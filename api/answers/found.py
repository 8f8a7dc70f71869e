"""What answers are made of: tracks, and why they are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from earshot.index.rows import IndexedTrack

SHOWN_TAGS = 5


class SharedTag(NamedTuple):
    """A tag that query and result have in common; `strength` is the smaller of the two probabilities."""

    name: str
    strength: float


class PlayedWith(NamedTuple):
    """A track of the query, and how many listeners have played it and the result."""

    track: IndexedTrack
    listeners: int


@dataclass(frozen=True, slots=True)
class Found:
    """A track found.

    `score` is what orders, None where something else does (words, a walk). `similarity` is the cosine of its sound to
    that of the query, -1..1, None where there is no sound to compare with.
    """

    track: IndexedTrack
    score: float | None
    similarity: float | None
    shared_tags: Sequence[SharedTag]
    versions: Sequence[IndexedTrack] = ()
    """Other versions of the same recording, for which it stands."""
    sounds_like: IndexedTrack | None = None
    """Of several tracks that were liked the one that is nearest to it; None: there were not several."""
    played_with: PlayedWith | None = None


def shared_tags(tags: Mapping[str, float], track: IndexedTrack) -> list[SharedTag]:
    """Tags of both the query and the track, strongest first."""
    shared = [SharedTag(tag.name, min(tag.probability, tags[tag.name])) for tag in track.tags if tag.name in tags]
    return sorted(shared, key=lambda tag: (-tag.strength, tag.name))[:SHOWN_TAGS]
