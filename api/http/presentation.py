"""How tracks look in answers: one shape, whichever route found them."""

from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter

from api.answers.commonness import Commonness
from api.answers.found import SHOWN_TAGS, Found, PlayedWith
from api.answers.query import Seed
from api.http.artwork import artwork_of
from api.http.contract import (
    BRIEF,
    KNOWN,
    DescriptorsAnswer,
    FactsAnswer,
    HeardTag,
    QueryTrack,
    Result,
    SpaceVersion,
    TagStrength,
    TrackAnswer,
    TrackBrief,
)
from earshot.colistening.table import ColisteningTable
from earshot.descriptors import Descriptors
from earshot.index.neighbours import Neighbours
from earshot.index.rows import IndexedTrack
from earshot.keys import camelot
from earshot.tags import is_said, said
from earshot.track import Tag, Track

_brief_values = attrgetter(*BRIEF)


def results(found: Sequence[Found], common: Commonness) -> list[Result]:
    """Tracks found, in their order; `common`: of the catalogue."""
    return [
        Result.model_validate(
            {
                **_brief(one.track, common),
                "similarity": one.similarity,
                "closer_than": one.closer_than,
                "score": one.score,
                "shared_tags": one.shared_tags,
                "reasons": one.reasons,
                "versions": one.versions,
                "sounds_like": one.sounds_like.track_id if one.sounds_like else None,
                "played_with": _played_with(one.played_with) if one.played_with else None,
            }
        )
        for one in found
    ]


def _played_with(reason: PlayedWith) -> dict[str, object]:
    track = reason.track
    return {
        "track_id": track.track_id, "title": track.title, "artists": track.artists, "listeners": reason.listeners,
    }  # fmt: skip


def query_track(seed: Seed, common: Commonness, versions: Sequence[IndexedTrack] = ()) -> QueryTrack:
    """A track that a query was made of, and its versions that are not among the results."""
    return QueryTrack(**_brief(seed.track, common), weight=seed.weight, versions=list(versions))


def brief(track: IndexedTrack, common: Commonness) -> TrackBrief:
    """An indexed track that was not found but named."""
    return TrackBrief(**_brief(track, common))


def _brief(track: IndexedTrack, common: Commonness) -> dict[str, object]:
    known = dict(zip(BRIEF, _brief_values(track), strict=True))
    words = in_words(track.descriptors)
    tags = [{**tag._asdict(), "share": common.of_tag(tag.name)} for tag in said(track.tags)[:SHOWN_TAGS]]
    return {**known, "artwork_url": artwork_of(track), "tags": tags, "descriptors": words}


def in_words(found: Descriptors | None) -> DescriptorsAnswer | None:
    """Tempo, key and loudness, with the key's code."""
    if found is None:
        return None
    return DescriptorsAnswer(**asdict(found), camelot=camelot(found.key) if found.key else None)


def track_answer(track: Track, *, indexed: bool) -> TrackAnswer:
    """What is known of a track; `indexed`: whether the index version at hand holds it."""
    shown = track.shown
    return TrackAnswer(
        **{name: getattr(shown, name) for name in KNOWN} | {"artwork_url": artwork_of(shown)},
        status=track.status.value,
        reason=track.reason,
        provider=track.provider,
        model=track.model,
        tags=[HeardTag(**tag._asdict(), said=is_said(tag)) for tag in track.tags],
        descriptors=in_words(track.descriptors),
        facts=[
            FactsAnswer(provider=provider, asked=learned.asked, **asdict(learned.facts))
            for provider, learned in track.learned.items()
        ],
        indexed=indexed,
        updated_at=track.updated_at,
    )


def tag_strengths(tags: Sequence[Tag]) -> list[TagStrength]:
    """Those of a clip's tags that are said, likeliest first, as many as are shown."""
    return [TagStrength.model_validate(tag) for tag in said(tags)[:SHOWN_TAGS]]


def spaces(searcher: Neighbours, table: ColisteningTable | None = None) -> dict[str, SpaceVersion]:
    """What answers from the index version rest on, and from a `table` of what is played together."""
    found = {"sound": SpaceVersion(version=searcher.version, recipe=searcher.recipe)}
    if table is not None:
        found["listening"] = SpaceVersion(version=table.version, recipe=None)
    return found
