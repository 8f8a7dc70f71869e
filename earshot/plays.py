"""Plays: one listener heard one recording at one time, as players say it.

A listener is a key: who has the key may play, see, export and delete, and nobody else may. Of the key only a digest is
known here, and of the digest only what `listener_of` makes of it, which leads back to neither.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NewType

from earshot.clock import day_of
from earshot.ids import TrackId
from earshot.titles import plain

ListenerId = NewType("ListenerId", str)
"""16 hexadecimal digits."""

FIRST_LISTENED_AT = 1_033_430_400
"""2002-10-01, in Unix seconds: nobody kept plays before (ListenBrainz refuses them, too)."""
_HEARD_MS = 30_000
_DIGITS = 16


def listener_of(digest: str) -> ListenerId:
    """The listener whose key has this SHA-256 `digest` (hex)."""
    return ListenerId(hashlib.sha256(f"listener {digest.lower()}".encode()).hexdigest()[:_DIGITS])


@dataclass(frozen=True, slots=True)
class Play:
    """What a listener heard. Unknown texts are empty, other unknowns are None.

    `listened_at`: when it began, in Unix seconds; `accepted_at`: when Earshot took it in, once that is so. `track_id`:
    of the catalogue, once the play was matched. `named_id`: the track that the player itself named, in any form that
    Earshot knows. `skipped`: what the player says of it; None:
    it says nothing.
    """

    listener: ListenerId
    listened_at: int
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    mbid: str | None = None
    isrc: str | None = None
    duration_ms: int | None = None
    played_ms: int | None = None
    skipped: bool | None = None
    client: str = ""
    named_id: TrackId | None = None
    track_id: TrackId | None = None
    accepted_at: int | None = None

    @property
    def is_skip(self) -> bool:
        """Whether it was left early: the player says so, or less than half of it and of 30 s was played."""
        if self.skipped is not None:
            return self.skipped
        if self.played_ms is None:
            return False
        return self.played_ms < min(_HEARD_MS, (self.duration_ms or 2 * _HEARD_MS) / 2)

    @property
    def song(self) -> str:
        """What was played, by what the player said of it, whatever is matched later: 16 hexadecimal digits."""
        named = f"{plain(' '.join(self.artists))}\n{plain(self.title)}" if self.title else f"id {self.named_id or ''}"
        return hashlib.blake2b(named.encode(), digest_size=_DIGITS // 2).hexdigest()

    @property
    def key(self) -> str:
        """What tells this play from all others of its listener: the same for a play that is sent twice."""
        return f"{self.listened_at:010d}#{self.song}"

    @property
    def day(self) -> date:
        """The day on which it began, in UTC."""
        return day_of(self.listened_at)


def unique(plays: Iterable[Play]) -> list[Play]:
    """The plays without those that are there twice, in their order; of two the one that is matched stays."""
    found: dict[tuple[ListenerId, str], Play] = {}
    for play in plays:
        before = found.get((play.listener, play.key))
        if before is None or (before.track_id is None and play.track_id is not None):
            found[play.listener, play.key] = play
    return list(found.values())
