"""The one ranking: from a query vector to results that explain themselves.

Every route that answers with tracks by sound builds a `Query` and calls `rank`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from api.catalogue import known_tags, nearest_among
from api.contract import QueryTrack, Result
from api.options import Options
from api.presentation import query_track, result, shared_tags
from api.recordings import album_of, artists_of, is_same_recording, plain_title
from earshot.embedding import Vector
from earshot.errors import InvalidInput
from earshot.index.rows import IndexedTrack
from earshot.index.searcher import Neighbour, Searcher

_HEADROOM = 8
_GROWTH = 4
_DIVERSITY_POOL, _DIVERSITY_LEAST = 5, 50
"""With diversity, the best `_DIVERSITY_POOL * n`, at least `_DIVERSITY_LEAST`, compete for the n-th place. That leaves
the places before it as they are, so that pages fit together."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A track that the query is made of. A negative `weight` means less of this."""

    track: IndexedTrack
    vector: Vector
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: a unit vector, and what to say of it. `tags` are the query's own, by name."""

    vector: Vector
    seeds: tuple[Seed, ...] = ()
    tags: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, seeds: Sequence[Seed]) -> "Query":
        """The normalised weighted sum of the seeds (Rocchio 1971), with the tags of the positive ones.

        Raises:
            InvalidInput: the seeds cancel out.
        """
        total = sum((seed.weight * seed.vector for seed in seeds), np.zeros_like(seeds[0].vector))
        length = float(np.linalg.norm(total))
        if length <= 1e-3 * sum(abs(seed.weight) for seed in seeds):
            raise InvalidInput("the seeds cancel each other out", hint="Change a weight or leave one of them out.")
        liked = [seed for seed in seeds if seed.weight > 0]
        weight = sum(seed.weight for seed in liked)
        tags: Counter[str] = Counter()
        for seed in liked:
            for tag in seed.track.tags:
                tags[tag.name] += seed.weight / weight * tag.probability  # type: ignore[assignment]
        return cls((total / length).astype(np.float32), tuple(seeds), dict(tags))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Results, and the seeds with the versions of them that were left out of the results."""

    query: list[QueryTrack]
    results: list[Result]


def rank(searcher: Searcher, query: Query, options: Options, *, exclude: Iterable[str] = ()) -> Ranking:
    """The tracks nearest to `query` that `options` let through, best first; never one of its seeds.

    Candidates are fetched in growing portions until enough have passed or the whole index was looked at.
    `exclude` are canonical ids.
    """
    wanted = options.offset + options.k
    pool = max(_DIVERSITY_LEAST, wanted * _DIVERSITY_POOL) if options.diversity else wanted
    banned = frozenset(exclude) | {seed.track.track_id for seed in query.seeds}
    fetch = pool + _HEADROOM
    while True:
        neighbours = _nearest(searcher, query.vector, fetch, options, banned)
        selection = _Selection(searcher, query, options)
        for neighbour in neighbours:
            selection.offer(neighbour, is_full=len(selection.groups) >= pool)
        exhausted = len(neighbours) < fetch or _is_below(neighbours[-1], options)
        if len(selection.groups) >= pool or exhausted:
            break
        fetch *= _GROWTH
    groups = selection.groups
    if options.diversity:
        groups = _diversify(searcher, groups, options.diversity, wanted)
    return Ranking(
        [as_query_track(seed, selection.versions_of_seeds.get(seed.track.track_id, ())) for seed in query.seeds],
        [_result(group, query.tags) for group in groups[options.offset : wanted]],
    )


def _nearest(searcher: Searcher, vector: Vector, k: int, options: Options, exclude: frozenset[str]) -> list[Neighbour]:
    if not options.tags and options.source is None:
        return searcher.search(vector, k, exclude=exclude)
    tags = known_tags(searcher, options.tags)
    return nearest_among(searcher, vector, k, tags=tags, source=options.source, exclude=exclude)


def _is_below(neighbour: Neighbour, options: Options) -> bool:
    return options.min_similarity is not None and neighbour.similarity < options.min_similarity


@dataclass(slots=True)
class _Group:
    """A result and the versions it stands for."""

    best: Neighbour
    versions: list[IndexedTrack] = field(default_factory=list)


class _Selection:
    """Takes candidates, best first, and keeps those that the options let through."""

    def __init__(self, searcher: Searcher, query: Query, options: Options) -> None:
        self._searcher = searcher
        self._query = query
        self._options = options
        self._artists: Counter[str] = Counter()
        self._albums: Counter[tuple[str, str]] = Counter()
        self._by_isrc: dict[str, _Group] = {}
        self._by_title: dict[str, list[_Group]] = {}
        self.groups: list[_Group] = []
        self.versions_of_seeds: dict[str, list[IndexedTrack]] = {}

    def offer(self, neighbour: Neighbour, *, is_full: bool) -> None:
        """Take `neighbour` unless it `is_full`, add it to an earlier result of which it is a version, or drop it."""
        track, options = neighbour.track, self._options
        if _is_below(neighbour, options):
            return
        if (options.collapse_versions and self._is_version(track)) or is_full:
            return
        artists, album = artists_of(track), album_of(track)
        if options.max_per_artist and any(self._artists[name] >= options.max_per_artist for name in artists):
            return
        if options.max_per_album and album and self._albums[album] >= options.max_per_album:
            return
        self._artists.update(artists)
        if album:
            self._albums[album] += 1
        group = _Group(neighbour)
        self.groups.append(group)
        if track.isrc:
            self._by_isrc.setdefault(track.isrc, group)
        self._by_title.setdefault(plain_title(track.title), []).append(group)

    def _is_version(self, track: IndexedTrack) -> bool:
        for seed in self._query.seeds:
            if is_same_recording(seed.track, track, self._similarity(seed.track, track)):
                self.versions_of_seeds.setdefault(seed.track.track_id, []).append(track)
                return True
        group = self._by_isrc.get(track.isrc or "")
        if group is None:
            group = next(
                (
                    group
                    for group in self._by_title.get(plain_title(track.title), ())
                    if is_same_recording(group.best.track, track, self._similarity(group.best.track, track))
                ),
                None,
            )
        if group is not None:
            group.versions.append(track)
        return group is not None

    def _similarity(self, one: IndexedTrack, other: IndexedTrack) -> float:
        if plain_title(one.title) != plain_title(other.title):
            return -1.0
        a, b = self._searcher.vector(one.track_id), self._searcher.vector(other.track_id)
        return -1.0 if a is None or b is None else float(a @ b)


def _diversify(searcher: Searcher, groups: list[_Group], diversity: float, wanted: int) -> list[_Group]:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): greedily similar to the query, unlike the chosen."""
    if not groups:
        return groups
    vectors = np.stack([_vector(searcher, group.best.track) for group in groups])
    relevance = np.array([group.best.similarity for group in groups], np.float32)
    redundancy = np.full(len(groups), -1.0, np.float32)
    chosen: list[int] = []
    for place in range(1, min(wanted, len(groups)) + 1):
        score = (1 - diversity) * relevance - diversity * redundancy if chosen else relevance.copy()
        score[chosen] = -np.inf
        score[max(_DIVERSITY_LEAST, _DIVERSITY_POOL * place) :] = -np.inf
        best = int(score.argmax())
        chosen.append(best)
        redundancy = np.maximum(redundancy, vectors @ vectors[best])
    return [groups[i] for i in chosen]


def _vector(searcher: Searcher, track: IndexedTrack) -> Vector:
    vector = searcher.vector(track.track_id)
    assert vector is not None, track.track_id  # noqa: S101 (the searcher has just found it)
    return vector


def _result(group: _Group, tags: dict[str, float]) -> Result:
    track = group.best.track
    return result(track, group.best.similarity, shared_tags(tags, track), group.versions)


def as_query_track(seed: Seed, versions: Sequence[IndexedTrack] = ()) -> QueryTrack:
    """How an answer shows a seed."""
    return query_track(seed.track, seed.weight, versions)
