"""What answers are made of: tracks, and why they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from earshot.index.rows import IndexedTrack

SHOWN_TAGS = 5


class SharedTag(NamedTuple):
    """A tag that is said of both query and result; `strength` is the smaller of the two probabilities."""

    name: str
    strength: float


class Common(StrEnum):
    """What two tracks may have in common."""

    TAG = "tag"
    MUCH = "much"
    """Of a tag that many tracks have, more than most of these."""
    TEMPO = "tempo"
    KEY = "key"
    LEVEL = "level"
    """Quieter or louder than most."""
    YEAR = "year"
    GENRE = "genre"


class Reason(NamedTuple):
    """Something unusual that is true of both query and result.

    `what` is a tag, the result's tempo in whole beats per minute, a key, `quiet` or `loud`, a year or a genre.
    `share`: how much of the catalogue has it; of a tag at least as much as both, of a level at least as far from the
    middle.
    """

    kind: Common
    what: str
    share: float


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
    reasons: Sequence[Reason] = ()
    """What is unusual about both it and the query, the rarest first."""
    closer_than: float | None = None
    """What share of the catalogue is farther from the query, 0..1; None where `similarity` is, or it is not known."""
