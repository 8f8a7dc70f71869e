"""Which of several tracks is the same recording as one: what is surest decides."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from earshot.recordings import is_same_recording
from earshot.track import TrackInfo

Candidate = TypeVar("Candidate")


def best_match(
    wanted: TrackInfo, candidates: Iterable[Candidate], described: Callable[[Candidate], TrackInfo | None]
) -> Candidate | None:
    """The candidate that is `wanted`: by its MusicBrainz id, else by its ISRC, else by artist, title and length.

    A wrong song is worse than none: what disagrees in its MusicBrainz id is no match, whatever it is called.
    """
    known = [(one, info) for one in candidates if (info := described(one))]
    rules: tuple[Callable[[TrackInfo], bool], ...] = (
        lambda info: wanted.mbid is not None and info.mbid == wanted.mbid,
        lambda info: wanted.isrc is not None and info.isrc == wanted.isrc and is_same_recording(wanted, info),
        lambda info: not (wanted.mbid and info.mbid) and is_same_recording(wanted, info),
    )
    return next((one for rule in rules for one, info in known if rule(info)), None)
