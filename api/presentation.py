"""How tracks look in answers: one shape, whichever route found them."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.contract import QueryTrack, Result, SharedTag, TagStrength, Version
from earshot.index.rows import IndexedTrack
from earshot.track import Tag

SHOWN_TAGS = 5


def result(
    track: IndexedTrack,
    similarity: float | None,
    shared: list[SharedTag],
    versions: Sequence[IndexedTrack] = (),
) -> Result:
    """A track found: `similarity` is a cosine, or None where words were asked for."""
    clipped = None if similarity is None else max(-1.0, min(1.0, similarity))
    return Result(**_brief(track), similarity=clipped, shared_tags=shared, versions=_versions(versions))


def query_track(track: IndexedTrack, weight: float, versions: Sequence[IndexedTrack]) -> QueryTrack:
    """A track that a query was made of."""
    return QueryTrack(**_brief(track), weight=weight, versions=_versions(versions))


def shared_tags(tags: Mapping[str, float], track: IndexedTrack) -> list[SharedTag]:
    """Tags of both the query and the track, each as strong as in the one that has less of it."""
    shared = [
        SharedTag(name=tag.name, strength=min(tag.probability, tags[tag.name]))
        for tag in track.tags
        if tag.name in tags
    ]
    return sorted(shared, key=lambda tag: (-tag.strength, tag.name))[:SHOWN_TAGS]


def tag_strengths(tags: Sequence[Tag]) -> list[TagStrength]:
    """The strongest tags, as shown."""
    return [TagStrength(name=tag.name, probability=tag.probability) for tag in tags[:SHOWN_TAGS]]


def _versions(tracks: Sequence[IndexedTrack]) -> list[Version]:
    return [
        Version(
            track_id=track.track_id, title=track.title, artists=list(track.artists), album=track.album, url=track.url
        )
        for track in tracks
    ]


def _brief(track: IndexedTrack) -> dict[str, Any]:
    return {
        "track_id": track.track_id,
        "source": track.source,
        "title": track.title,
        "artists": list(track.artists),
        "album": track.album,
        "duration_ms": track.duration_ms,
        "url": track.url,
        "artwork_url": track.artwork_url,
        "tags": tag_strengths(track.tags),
    }
