"""Search and filters over several segments, some rows dead: the same as a look at every living track gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from pathlib import Path

import boto3
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.answers.atlas import atlas
from api.answers.catalogue import nearest_among
from api.answers.filters import ANY, Admitted, Filters
from api.answers.search import MAX_WORDS, search
from earshot.embedding import Vector
from earshot.errors import UnknownGenre
from earshot.index import layout
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, StoredObject
from earshot.index.reader import open_segments
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows
from earshot.index.rows import row_in, track_to_line
from earshot.index.searcher import Searcher
from earshot.index.shelf import spine
from earshot.index.shelving import sample_key
from earshot.index.store import IndexStore
from earshot.index.transform import CatalogueTransform
from earshot.index.write import write_delta
from earshot.tags import said
from earshot.titles import plain
from earshot.track import Row, Status, Tag, Track, TrackInfo

DIM = 4
IDENTITY = CatalogueTransform(np.zeros(DIM, np.float32), np.ones(DIM, np.float32), np.eye(DIM, dtype=np.float32))
TAGS = ("Jazz", "rock")
ARTISTS = ("The Béatles", "Tyler, The Creator", "Beatles & Tyler", "Tyler")
GENRES = ("Hip-Hop", "hip hop", "Folk, World, & Country", "Rock")

Catalogue = list[list[tuple[Track, bool]]]
"""Tracks in segments, and which of them are dead."""

texts = st.text(alphabet="ab é!", max_size=6)
numbers = st.integers(0, 23)
names_of_tags = st.lists(st.sampled_from(TAGS), unique=True)
sources = st.sampled_from([None, "file"])
pages = st.tuples(st.integers(0, 6), st.integers(1, 6))


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Few titles and vectors, so that there are ties."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    left = iter(draw(st.lists(numbers, unique=True, min_size=sum(sizes), max_size=sum(sizes))))
    return [[(draw(tracks(next(left))), draw(st.booleans())) for _ in range(size)] for size in sizes]


@st.composite
def tracks(draw: st.DrawFn, number: int) -> Track:
    named = draw(st.lists(st.sampled_from(TAGS), unique=True))
    vector = np.zeros((2, DIM), "<f2")
    vector[0, draw(st.integers(0, DIM - 1))] = 1
    vector[0, draw(st.integers(0, DIM - 1))] += 1
    return Track(
        TrackInfo(
            f"{number:06d}",  # type: ignore[arg-type]
            draw(st.sampled_from(["file", "deezer"])),
            title=draw(texts),
            artists=tuple(draw(st.lists(texts | st.sampled_from(ARTISTS), max_size=2))),
            album=draw(texts),
            genres=tuple(draw(st.lists(st.sampled_from(GENRES), max_size=2))),
            year=draw(st.sampled_from([None, 1989, 1990, 1999])),
            duration_ms=draw(st.sampled_from([None, 59_999, 60_000, 90_500])),
            path=draw(st.sampled_from(["", "Jazz/a.mp3", "Jazz/Bé bop/b.mp3", "Jazz2/c.mp3", "x/jazz/d.mp3", "e.mp3"])),
        ),
        status=Status.READY,
        tags=tuple(Tag(name, draw(st.sampled_from([0.0, 0.25, 0.3, 0.5]))) for name in named),
        embedding=vector[0].tobytes(),
        drift=vector[1].tobytes(),
    )


@dataclass
class Library:
    """Writes segments, without any bucket."""

    folder: Path
    cache: SegmentCache
    numbers: Iterator[int]

    def searcher(self, catalogue: Catalogue) -> Searcher:
        entries = []
        for part in catalogue:
            rows = [
                FreshRow(track.track_id, track_to_line(track), (track.embedding or b"") + (track.drift or b""))
                for track, _ in part
            ]
            folder = self.folder / str(next(self.numbers))
            folder.mkdir()
            entry = write_delta(folder, MergedRows([FreshRows(rows, DIM)], DIM), IDENTITY)
            self.cache.adopt(entry, folder)
            dead = sorted(part, key=lambda pair: pair[0].track_id)
            entries.append(entry.with_dead([row for row, (_, is_dead) in enumerate(dead) if is_dead]))
        manifest = Manifest(
            model="test@1", recipe="test", raw_dim=DIM, dim=DIM, segments=tuple(entries), transform=StoredObject(0, ""),
            built_at="",
        )  # fmt: skip
        return Searcher(manifest, tuple(open_segments(self.cache, manifest, {}).values()))


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)  # where the points of a map lie has tests of its own
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
    return Library(tmp_path, SegmentCache(IndexStore(client, "no bucket"), tmp_path), count())


anew = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def living(catalogue: Catalogue) -> Iterator[tuple[int, Track, Row]]:
    """The living tracks, each with the number of its segment."""
    for number, part in enumerate(catalogue):
        for track, is_dead in sorted(part, key=lambda pair: pair[0].track_id):
            if not is_dead:
                yield number, track, row_in(track_to_line(track))


def strength_of(track: Track, names: Sequence[str]) -> float:
    probabilities = {plain(tag.name): tag.probability for tag in said(track.tags)}
    return float(np.prod([probabilities.get(plain(name), 0.0) for name in names]))


def strongest_said(track: Track) -> str:
    tags = [(tag.probability, plain(tag.name)) for tag in said(track.tags)]
    return max(sorted(tags, key=itemgetter(1)), key=itemgetter(0), default=(0.0, ""))[1]


@anew
@given(catalogue=catalogues(), text=texts, names=names_of_tags, source=sources, page=pages)
def test_search(
    library: Library, *, catalogue: Catalogue, text: str, names: list[str], source: str | None, page: tuple[int, int]
) -> None:
    offset, limit = page
    carried = {tag.name for part in catalogue for track, _ in part for tag in said(track.tags)}
    names = [name for name in names if name in carried]
    words = plain(text).split()[:MAX_WORDS]
    expected = []
    for number, track, shown in living(catalogue):
        line, strength = spine(shown), strength_of(track, names)
        title = line.partition("\t")[0]
        matches = all(f" {word}" in line for word in words) and source in (None, track.info.source)
        if matches and strength > 0 and not (text.strip() and not words):
            rank = 3 - (
                bool(words)
                and all(f" {word}" in title for word in words)
                and 1 + title.startswith(f" {plain(text)}") + (title == f" {plain(text)}")
            )
            expected.append((rank, -strength, line, number, track.track_id))
    total, found = search(
        library.searcher(catalogue), text=text, filters=Filters(tags=names, source=source), limit=limit, offset=offset
    )
    assert total == len(expected)
    expected = sorted(expected)[offset : offset + limit]
    assert [one.track.track_id for one in found] == [track_id for *_, track_id in expected]


@anew
@given(catalogue=catalogues(), names=names_of_tags, source=sources, k=st.integers(1, 9), excluded=st.sets(numbers))
def test_nearest_tracks_behind_a_filter(
    library: Library, *, catalogue: Catalogue, names: list[str], source: str | None, k: int, excluded: set[int]
) -> None:
    vector: Vector = np.eye(DIM, dtype=np.float32)[k % DIM]
    exclude = frozenset(f"{number:06d}" for number in excluded)
    expected = []
    for _, track, _ in living(catalogue):
        passes = strength_of(track, names) > 0 and source in (None, track.info.source)
        if passes and track.track_id not in exclude:
            own = np.frombuffer(track.embedding or b"", "<f2").astype(np.float32)
            expected.append((-round(float(own @ vector / np.linalg.norm(own)), 3), track.track_id))
    carried = {tag.name for part in catalogue for track, _ in part for tag in said(track.tags)}
    if not carried.issuperset(names):
        return
    passing = Admitted(library.searcher(catalogue), Filters(tags=names, source=source))
    found = nearest_among(passing.parts, vector, k, exclude=exclude)
    assert [(-round(near.similarity, 3) + 0.0, near.track.track_id) for near in found] == sorted(expected)[:k]


filters = st.builds(
    Filters,
    genres=st.lists(st.sampled_from(["HIP HOP", "folk, world and country", "rock,hiphop"]), max_size=2),
    years=st.sampled_from([ANY, (1990, 1990), (1990, None), (None, 1990), (1990, 1999)]),
    seconds=st.sampled_from([ANY, (60, None), (None, 60), (60, 90)]),
    folder=st.sampled_from([None, "jazz", "/JAZZ", "Jazz/be bop", "/", "bop"]),
    not_artists=st.lists(st.sampled_from(["beatles", "Tyler, the creator", "TYLER"]), max_size=2),
)


CREDITED = {
    "The Béatles": {"beatles"},
    "Tyler, The Creator": {"tyler", "tylerthecreator"},
    "Beatles & Tyler": {"beatles"},
    "Tyler": {"tyler"},
}
"""Under which names each is known."""


def banned_in(catalogue: Catalogue, names: Sequence[str]) -> set[str]:
    """Who is meant: a name with a comma is one artist where any track is by one of that name, else several."""
    known = {
        key for rows in catalogue for track, _ in rows for name in track.info.artists for key in CREDITED.get(name, ())
    }
    whole = {name: "".join(plain(name).split()) for name in names}
    parts = {part for name, key in whole.items() if key not in known for part in name.split(",")}
    return {*whole.values(), *("".join(plain(part).split()) for part in parts)}


def is_let_through(track: Track, wanted: Filters, banned: set[str]) -> bool:
    """By a look at the track, without any column; `banned`: see `banned_in`."""
    info = track.info
    genres = {"".join(plain(genre.replace("&", " ")).split()) for genre in info.genres}
    of_genres = {
        "HIP HOP": {"hiphop"},
        "folk, world and country": {"folkworldcountry"},
        "rock,hiphop": {"rock", "hiphop"},
    }
    folder = "/" + "/".join(map(plain, info.path.split("/")[:-1]))
    names = f"{folder}/" if folder != "/" else "/"
    by = set().union(*(CREDITED.get(name, set()) for name in info.artists))
    length = None if info.duration_ms is None else info.duration_ms // 1000
    wanted_folder = None if wanted.folder is None else "/".join(map(plain, wanted.folder.split("/")))
    return (
        (not wanted.genres or bool(genres & set().union(*(of_genres[name] for name in wanted.genres))))
        and _is_within(info.year, wanted.years)
        and _is_within(length, wanted.seconds)
        and (
            wanted_folder is None
            or (
                (bool(info.path) and f"{wanted_folder.rstrip('/')}/" in names)
                and (wanted_folder.startswith("/") or f"/{wanted_folder}/" in names)
                and (not wanted_folder.startswith("/") or names.startswith(f"{wanted_folder.rstrip('/')}/"))
            )
        )
        and not by & banned
    )


def _is_within(number: int | None, wanted: tuple[int | None, int | None]) -> bool:
    first, last = wanted
    if wanted == ANY:
        return True
    return number is not None and (first is None or number >= first) and (last is None or number <= last)


@anew
@given(catalogue=catalogues(), wanted=filters)
def test_a_filtered_answer_is_what_the_filter_leaves_of_an_exhaustive_ranking(
    library: Library, *, catalogue: Catalogue, wanted: Filters
) -> None:
    vector: Vector = np.eye(DIM, dtype=np.float32)[0]
    searcher = library.searcher(catalogue)
    everything = nearest_among(Admitted(searcher, Filters()).parts, vector, 99, exclude=frozenset())
    by_id = {track.track_id: track for _, track, _ in living(catalogue)}
    assert len(everything) == len(by_id)
    try:
        found = nearest_among(Admitted(searcher, wanted).parts, vector, 99, exclude=frozenset())
    except UnknownGenre:
        assert wanted.genres
        return
    banned = banned_in(catalogue, wanted.not_artists)
    expected = [near for near in everything if is_let_through(by_id[near.track.track_id], wanted, banned)]
    assert [near.track.track_id for near in found] == [near.track.track_id for near in expected]


@anew
@given(catalogue=catalogues(), most=st.integers(1, 30))
def test_the_map_shows_the_living_whose_keys_are_small_enough(
    library: Library, *, catalogue: Catalogue, most: int
) -> None:
    searcher = library.searcher(catalogue)
    share = min(1.0, most / max(1, searcher.size))
    expected = [track for _, track, _ in living(catalogue) if sample_key(track.track_id) < share * 2**32]
    drawn = atlas(searcher, most=most)
    assert drawn.track_ids == [track.track_id for track in expected]
    assert drawn.titles == [track.info.title for track in expected]
    assert drawn.artists == [", ".join(track.info.artists) for track in expected]
    assert drawn.tags == [strongest_said(track) for track in expected]
    assert len(drawn.x) == len(drawn.y) == len(expected)
