"""How tracks look in answers: one shape, whichever route found them."""

from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter

from api.answers.found import SHOWN_TAGS, Found, PlayedWith
from api.answers.query import Seed
from api.http.artwork import artwork_of
from api.http.contract import (
    BRIEF,
    KNOWN,
    DescriptorsAnswer,
    FactsAnswer,
    QueryTrack,
    Result,
    SpaceVersion,
    TagStrength,
    TrackAnswer,
)
from earshot.colistening.table import ColisteningTable
from earshot.descriptors import Descriptors
from earshot.index.neighbours import Neighbours
from earshot.index.rows import IndexedTrack
from earshot.keys import camelot
from earshot.track import Tag, Track

_brief_values = attrgetter(*BRIEF)


def results(found: Sequence[Found]) -> list[Result]:
    """Tracks found, in their order."""
    return [
        Result.model_validate(
            {
                **_brief(one.track),
                "similarity": one.similarity,
                "score": one.score,
                "shared_tags": one.shared_tags,
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


def query_track(seed: Seed, versions: Sequence[IndexedTrack] = ()) -> QueryTrack:
    """A track that a query was made of, and its versions that are not among the results."""
    return QueryTrack(**_brief(seed.track), weight=seed.weight, versions=list(versions))


def _brief(track: IndexedTrack) -> dict[str, object]:
    known = dict(zip(BRIEF, _brief_values(track), strict=True))
    words = in_words(track.descriptors)
    return {**known, "artwork_url": artwork_of(track), "tags": track.tags[:SHOWN_TAGS], "descriptors": words}


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
        tags=track.tags,
        descriptors=in_words(track.descriptors),
        facts=[
            FactsAnswer(provider=provider, asked=learned.asked, **asdict(learned.facts))
            for provider, learned in track.learned.items()
        ],
        indexed=indexed,
        updated_at=track.updated_at,
    )


def tag_strengths(tags: Sequence[Tag]) -> list[TagStrength]:
    """The strongest tags, as shown."""
    return [TagStrength.model_validate(tag) for tag in tags[:SHOWN_TAGS]]


def spaces(searcher: Neighbours, table: ColisteningTable | None = None) -> dict[str, SpaceVersion]:
    """What answers from the index version rest on, and from a `table` of what is played together."""
    found = {"sound": SpaceVersion(version=searcher.version, recipe=searcher.recipe)}
    if table is not None:
        found["listening"] = SpaceVersion(version=table.version, recipe=None)
    return found
