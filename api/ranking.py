"""The one ranking: from a query vector to results that explain themselves."""

from collections.abc import Sequence

from earshot.index.reader import IndexedTrack, Searcher

from api.contract import Result, SharedTag, TagStrength, TrackBrief

SHOWN_TAGS = 5


def brief(track: IndexedTrack) -> TrackBrief:
    """What is shown of a track."""
    return TrackBrief(
        track_id=track.track_id,
        source=track.source,
        title=track.title,
        artists=list(track.artists),
        album=track.album,
        duration_ms=track.duration_ms,
        url=track.url,
        artwork_url=track.artwork_url,
        tags=[TagStrength(name=name, probability=p) for name, p in track.tags[:SHOWN_TAGS]],
    )


def shared_tags(one: IndexedTrack, other: IndexedTrack) -> list[SharedTag]:
    """Tags of both, each as strong as in the track that has less of it."""
    theirs = dict(other.tags)
    shared = [SharedTag(name=name, strength=min(p, theirs[name])) for name, p in one.tags if name in theirs]
    return sorted(shared, key=lambda tag: (-tag.strength, tag.name))[:SHOWN_TAGS]


def similar_to(searcher: Searcher, track: IndexedTrack, k: int) -> Sequence[Result]:
    """The `k` nearest of an indexed track, never itself."""
    vector = searcher.vector(track.track_id)
    if vector is None:
        return []
    return [
        Result(
            **brief(found.track).model_dump(),
            similarity=max(-1.0, min(1.0, found.similarity)),
            shared_tags=shared_tags(track, found.track),
        )
        for found in searcher.search(vector, k, exclude=frozenset({track.track_id}))
    ]
