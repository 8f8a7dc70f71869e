"""Which track a play is of, by the one rule of what is the same recording (`earshot.matching`), in few reads."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from earshot.ids import TrackId
from earshot.matching import Matching
from earshot.plays import Play
from earshot.track import TrackInfo

_MOST = 20_000
_FOUND_S, _MISSED_S = 600.0, 60.0
"""For how long an answer is believed: a track hardly ever goes, and another comes at any time."""


class PlayMatching:
    """Finds the tracks of plays. What was asked for lately costs nothing: people play the same songs.

    Args:
        matching: asks the catalogue.
        now: a clock, in seconds.
    """

    def __init__(self, matching: Matching, now: Callable[[], float] = time.monotonic) -> None:
        self._matching = matching
        self._now = now
        self._known: OrderedDict[tuple[Any, ...], tuple[TrackId | None, float]] = OrderedDict()

    def matched(self, plays: Sequence[Play]) -> list[Play]:
        """The plays, with their tracks where the catalogue has them; those that have one already as they are."""
        now = self._now()
        asked = {_words(play): play for play in plays if play.track_id is None}
        missing = {words: play for words, play in asked.items() if self._known.get(words, (None, 0.0))[1] < now}
        found = self._matching.find([(_described(play), play.named_id) for play in missing.values()])
        answers = {words: match.track_id if match else None for words, match in zip(missing, found, strict=True)}
        answers = {words: answers[words] if words in answers else self._known[words][0] for words in asked}
        for words in missing:
            self._known[words] = (answers[words], now + (_FOUND_S if answers[words] else _MISSED_S))
            self._known.move_to_end(words)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return [play if play.track_id else replace(play, track_id=answers[_words(play)]) for play in plays]


def _words(play: Play) -> tuple[Any, ...]:
    """All that decides which track it is of."""
    return play.named_id, play.mbid, play.isrc, play.title, play.artists, play.album, play.duration_ms


def _described(play: Play) -> TrackInfo:
    """What the player says of the recording, as a row of a list says it."""
    return TrackInfo(
        TrackId(f"manifest:{play.song}"),
        "manifest",
        title=play.title,
        artists=play.artists,
        album=play.album,
        isrc=play.isrc,
        mbid=play.mbid,
        duration_ms=play.duration_ms,
    )
