"""Why a result is there, in words: what it has in common with the query that most of the catalogue has not."""

from collections.abc import Iterator, Mapping

from api.answers.commonness import SAME_TEMPO, UNUSUAL, Commonness
from api.answers.found import SHOWN_TAGS, Common, Reason, SharedTag
from earshot.index.rows import IndexedTrack
from earshot.tags import is_said, said
from earshot.titles import genre_key
from earshot.track import Tag

_MOST = 3
_CLEAR_PULSE, _SURE_KEY = 0.3, 0.8
"""A tempo or a key that is less clear is no reason. Half of the clips of `bench.tags` have so clear a pulse."""


def shared_tags(tags: Mapping[str, float], track: IndexedTrack) -> list[SharedTag]:
    """Tags that are said of both the query and the track, strongest first."""
    shared = [SharedTag(tag.name, min(tag.probability, tags[tag.name])) for tag in said(track.tags) if tag.name in tags]
    shared = [tag for tag in shared if is_said(Tag(*tag))]
    return sorted(shared, key=lambda tag: (-tag.strength, tag.name))[:SHOWN_TAGS]


def reasons(
    tags: Mapping[str, float], like: IndexedTrack | None, track: IndexedTrack, common: Commonness
) -> list[Reason]:
    """What is true of both the query and the track, and of at most `UNUSUAL` of the catalogue, the rarest first.

    Of a tag that more tracks have, that both have more of it than nearly all of them. What no track of the catalogue is
    known to have was not counted, and tells nothing.

    Args:
        tags: the query's.
        like: the track of the query that the result sounds like; None: it is made of none.
        track: the result.
        common: of the catalogue.
    """
    shared = (_of_tag(tag, common) for tag in shared_tags(tags, track))
    found = [*shared, *((*_in_words(like, track, common), *_of_files(like, track, common)) if like else ())]
    return sorted((one for one in found if 0 < one.share <= UNUSUAL), key=lambda one: (one.share, one.what))[:_MOST]


def _of_tag(tag: SharedTag, common: Commonness) -> Reason:
    having, having_so_much = common.of_tag(tag.name), common.of_tag(tag.name, tag.strength)
    return Reason(Common.TAG if having <= UNUSUAL else Common.MUCH, tag.name, min(having, having_so_much))


def _in_words(like: IndexedTrack, track: IndexedTrack, common: Commonness) -> Iterator[Reason]:
    one, other = like.descriptors, track.descriptors
    if one is None or other is None:
        return
    pulses = (one.pulse_clarity or 0, other.pulse_clarity or 0)
    if one.bpm and other.bpm and min(pulses) >= _CLEAR_PULSE and abs(one.bpm - other.bpm) <= SAME_TEMPO * one.bpm:
        yield Reason(Common.TEMPO, f"{other.bpm:.0f}", common.of_tempo(other.bpm))
    sure = min(one.key_confidence or 0, other.key_confidence or 0)
    if one.key and one.key == other.key and sure >= _SURE_KEY:
        yield Reason(Common.KEY, one.key, common.of_key(one.key))
    if one.loudness is not None and other.loudness is not None:
        yield Reason(Common.LEVEL, "quiet", common.as_quiet(max(one.loudness, other.loudness)))
        yield Reason(Common.LEVEL, "loud", common.as_loud(min(one.loudness, other.loudness)))


def _of_files(like: IndexedTrack, track: IndexedTrack, common: Commonness) -> Iterator[Reason]:
    """What their files or sources say of both."""
    if like.year and like.year == track.year:
        yield Reason(Common.YEAR, str(track.year), common.of_year(track.year))
    own = {genre_key(name) for name in like.genres}
    yield from (Reason(Common.GENRE, name, common.of_genre(name)) for name in track.genres if genre_key(name) in own)
