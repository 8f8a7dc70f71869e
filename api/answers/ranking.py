"""The one ranking: from a query to results that explain themselves.

Every route that answers with tracks by sound builds a `Query` and calls `rank`.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from math import inf
from typing import Protocol

import numpy as np

from api.answers.blend import Offer, best
from api.answers.fame import gain
from api.answers.found import Found, PlayedWith
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.reasons import reasons, shared_tags
from api.answers.spaces import Sound, SoundSpace
from earshot.embedding import Vector
from earshot.index.arrays import Mask
from earshot.index.neighbours import Neighbours
from earshot.index.rows import IndexedTrack
from earshot.index.transform import Matrix
from earshot.recordings import SAME_CLIP, album_of, is_same_recording, performers_of
from earshot.titles import plain_title

_HEADROOM = 8
_GROWTH = 4
_POOL, _POOL_LEAST = 5, 50
"""With diversity or fame, the best `_POOL * n`, at least `_POOL_LEAST`, compete for the n-th place. That leaves the
places before it as they are, so that pages fit together."""


class Catalogue(Protocol):
    """Knows the tracks that are offered: a `Searcher`, or what several have sent."""

    def row(self, track_id: str) -> IndexedTrack | None:
        """See `Searcher.row`."""

    def vector(self, track_id: str) -> Vector | None:
        """See `Searcher.vector`."""

    def vectors(self, track_ids: Sequence[str]) -> tuple[Matrix, Mask]:
        """See `Searcher.vectors`."""


@dataclass(frozen=True, slots=True)
class SeedShown:
    """A seed, and the versions of its recording that were left out of the results."""

    seed: Seed
    versions: Sequence[IndexedTrack] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was asked, and what was found."""

    seeds: Sequence[SeedShown]
    results: Sequence[Found]


def rank(searcher: Neighbours, query: Query, options: Options) -> Ranking:
    """The tracks that score best for `query` and that `options` let through, best first; never one of its seeds.

    Candidates are fetched in growing portions until enough have passed or the whole index was looked at.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
    """
    return ranked(Sound(searcher, options.filters), searcher, query, options)


def ranked(sound: SoundSpace, catalogue: Catalogue, query: Query, options: Options) -> Ranking:
    """The same of whatever `sound` offers, whose tracks `catalogue` knows. Filters are its own affair."""
    least = -inf if options.min_similarity is None else options.min_similarity
    wanted = options.offset + options.k
    pool = max(_POOL_LEAST, wanted * _POOL) if options.diversity or options.fame else wanted
    banned = frozenset(options.exclude) | {seed.track.track_id for seed in query.seeds}
    fetch = pool + _HEADROOM + len(query.dampened)
    while True:
        found = best(sound, query, min(fetch, sound.reach), exclude=banned, least=least)
        selection = _Selection(catalogue, query, options)
        vectors = _vectors_of(catalogue, found.offers) if options.collapse_versions else repeat(None)
        for offer, vector in zip(found.offers, vectors, strict=False):
            selection.take(offer, vector, is_full=len(selection.groups) >= pool)
        if len(selection.groups) >= pool or found.complete or fetch >= sound.reach:
            break
        fetch *= _GROWTH
    groups = selection.groups
    if options.diversity or options.fame:
        groups = _arranged(catalogue, groups, options, wanted)
    return Ranking(
        [SeedShown(seed, selection.versions_of_seeds.get(seed.track.track_id, ())) for seed in query.seeds],
        _explained(sound, catalogue, groups[options.offset : wanted], query, banned),
    )


@dataclass(slots=True)
class _Group:
    """A result and the versions it stands for."""

    best: Offer
    versions: list[IndexedTrack] = field(default_factory=list)


def _explained(
    sound: SoundSpace, catalogue: Catalogue, groups: Sequence[_Group], query: Query, banned: frozenset[str]
) -> list[Found]:
    """The results, each with why it is among them, and how near that is in this catalogue without what is `banned`."""
    if not groups:
        return []
    scale, common = sound.scale(query.points, banned), sound.common
    liked = np.stack([seed.vector for seed in query.liked]) if len(query.liked) > 1 else None
    vectors = _vectors_of(catalogue, [group.best for group in groups]) if liked is not None else repeat(None)
    played_with, found = _played_with(catalogue, groups, query), []
    for group, vector in zip(groups, vectors, strict=False):
        track, score, similarity = group.best
        nearest = None
        if liked is not None and vector is not None:
            nearest = query.liked[int((liked @ vector).argmax())].track
        like = nearest or (query.liked[0].track if query.liked else None)
        found.append(
            Found(
                track, score, similarity, shared_tags(query.tags, track), group.versions, nearest,
                played_with.get(track.track_id), reasons(query.tags, like, track, common),
                scale.closer_than(similarity),
            )
        )  # fmt: skip
    return found


def _played_with(catalogue: Catalogue, groups: Sequence[_Group], query: Query) -> dict[str, PlayedWith]:
    """What of the query the results are played together with; only what the index can name."""
    track_ids = [group.best.track.track_id for group in groups]
    found = {
        track_id: together for part in query.others for track_id, together in part.question.together(track_ids).items()
    }
    named: dict[str, IndexedTrack | None] = {seed.track.track_id: seed.track for seed in query.liked}
    for track_id in {together.track_id for together in found.values()} - named.keys():
        named[track_id] = catalogue.row(track_id)
    return {
        track_id: PlayedWith(other, together.listeners)
        for track_id, together in found.items()
        if (other := named[together.track_id]) is not None
    }


def _vectors_of(catalogue: Catalogue, offers: Sequence[Offer]) -> Matrix:
    vectors, _ = catalogue.vectors([offer.track.track_id for offer in offers])
    return vectors


class _Selection:
    """Takes offers, best first, and keeps those that the options let through."""

    def __init__(self, catalogue: Catalogue, query: Query, options: Options) -> None:
        self._catalogue = catalogue
        self._options = options
        self._seeds = _Seeds(query.seeds)
        self._artists: Counter[str] = Counter()
        self._albums: Counter[tuple[str, str]] = Counter()
        self._by_isrc: dict[str, list[_Group]] = {}
        self._by_name: dict[str, list[_Group]] = {}
        self._vectors = _Vectors()
        self.groups: list[_Group] = []
        self.versions_of_seeds: dict[str, list[IndexedTrack]] = {}

    def take(self, offer: Offer, vector: Vector | None, *, is_full: bool) -> None:
        """Keep `offer` unless it `is_full`, add it to an earlier result of which it is a version, or drop it.

        `vector`: its own; None where versions are not to be found.
        """
        track, options = offer.track, self._options
        if track.track_id in options.heard:
            return
        name = plain_title(track.title) if vector is not None else ""
        if (vector is not None and self._is_version(track, name, vector)) or is_full:
            return
        artists = performers_of(track) if options.max_per_artist else ()
        album = album_of(track) if options.max_per_album else None
        if options.max_per_artist and any(self._artists[artist] >= options.max_per_artist for artist in artists):
            return
        if options.max_per_album and album and self._albums[album] >= options.max_per_album:
            return
        self._artists.update(artists)
        if album:
            self._albums[album] += 1
        group = _Group(offer)
        self.groups.append(group)
        if vector is not None:
            self._vectors.append(vector)
            self._by_name.setdefault(name, []).append(group)
            if track.isrc:
                self._by_isrc.setdefault(track.isrc, []).append(group)

    def _is_version(self, track: IndexedTrack, name: str, vector: Vector) -> bool:
        """Whether the track, whose song has the `name`, is noted as a version of a seed or of an earlier result."""
        for seed in self._seeds.perhaps_of(track, name, vector):
            if is_same_recording(seed.track, track, float(seed.vector @ vector)):
                self.versions_of_seeds.setdefault(seed.track.track_id, []).append(track)
                return True
        alike = [self.groups[number] for number in self._vectors.nearer_than(SAME_CLIP, vector)]
        for group in (*self._by_isrc.get(track.isrc or "", ()), *self._by_name.get(name, ()), *alike):
            if is_same_recording(group.best.track, track, self._sound(group.best.track, vector)):
                group.versions.append(track)
                return True
        return False

    def _sound(self, track: IndexedTrack, vector: Vector) -> float:
        return float(_vector(self._catalogue, track) @ vector)


class _Seeds:
    """Seeds, by what may make another track a version of one."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self._seeds = seeds
        self._vectors = np.stack([seed.vector for seed in seeds]) if seeds else None
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        self._by_isrc: defaultdict[str, list[int]] = defaultdict(list)
        for number, seed in enumerate(seeds):
            self._by_name[plain_title(seed.track.title)].append(number)
            if seed.track.isrc:
                self._by_isrc[seed.track.isrc].append(number)

    def perhaps_of(self, track: IndexedTrack, name: str, vector: Vector) -> list[Seed]:
        """Those with the name or the ISRC of the track, or its sound, in their order."""
        if self._vectors is None:
            return []
        alike: list[int] = np.flatnonzero(self._vectors @ vector >= SAME_CLIP).tolist()
        found = {*self._by_name.get(name, ()), *self._by_isrc.get(track.isrc or "", ()), *alike}
        return [self._seeds[number] for number in sorted(found)]


class _Vectors:
    """Unit vectors to compare another one with, all at once."""

    def __init__(self) -> None:
        self._rows = np.empty((0, 0), np.float32)
        self._count = 0

    def append(self, vector: Vector) -> None:
        """Add one."""
        if self._count == len(self._rows):
            grown = np.empty((max(64, 2 * self._count), len(vector)), np.float32)
            if self._count:
                grown[: self._count] = self._rows
            self._rows = grown
        self._rows[self._count] = vector
        self._count += 1

    def nearer_than(self, cosine: float, vector: Vector) -> list[int]:
        """Places of those whose cosine to `vector` is at least so large."""
        if not self._count:
            return []
        found: list[int] = np.flatnonzero(self._rows[: self._count] @ vector >= cosine).tolist()
        return found


def _arranged(catalogue: Catalogue, groups: list[_Group], options: Options, wanted: int) -> list[_Group]:
    """Greedily the best by score and fame that are unlike the chosen (maximal marginal relevance, Carbonell and
    Goldstein 1998)."""
    if not groups:
        return groups
    for group in groups:
        group.best = group.best._replace(score=group.best.score + gain(group.best.track, options.fame))
    vectors = _vectors_of(catalogue, [group.best for group in groups])
    relevance = np.array([group.best.score for group in groups], np.float32)
    redundancy = np.full(len(groups), -1.0, np.float32)
    chosen: list[int] = []
    for place in range(1, min(wanted, len(groups)) + 1):
        score = (1 - options.diversity) * relevance - options.diversity * redundancy if chosen else relevance.copy()
        score[chosen] = -np.inf
        score[max(_POOL_LEAST, _POOL * place) :] = -np.inf
        best = int(score.argmax())
        chosen.append(best)
        redundancy = np.maximum(redundancy, vectors @ vectors[best])
    return [groups[i] for i in chosen]


def _vector(catalogue: Catalogue, track: IndexedTrack) -> Vector:
    vector = catalogue.vector(track.track_id)
    assert vector is not None, track.track_id  # noqa: S101 (the catalogue has just found it)
    return vector
