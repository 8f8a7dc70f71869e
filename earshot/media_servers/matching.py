"""Which of several tracks is the same recording as one: what is surest decides."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from earshot.ids import number_of, source_of, unescaped
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


def number_there(
    info: TrackInfo,
    source: str,
    search: Callable[[str], Iterable[Candidate]],
    described: Callable[[Candidate], TrackInfo | None],
) -> str | None:
    """What a server calls its own song of the same recording: known by its id, else found by words.

    Args:
        info: the track.
        source: the server's, whose ids need no search.
        search: what the server finds for words.
        described: what it says of one of these.
    """
    if source_of(info.track_id) == source:
        return unescaped(number_of(info.track_id))
    if not info.title:
        return None
    for words in (" ".join([info.title, *info.artists[:1]]), info.title):  # some look for all words in one place
        if (found := best_match(info, search(words), described)) and (known := described(found)):
            return unescaped(number_of(known.track_id))
    return None
