"""The shelf of a segment: it finds what a look at every row would find, from a file that proves itself before use."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.errors import DamagedIndex
from earshot.index import shelving
from earshot.index.arrays import as_single, mapped_columns, write_columns
from earshot.index.rows import Lines, row_in, track_to_line, write_lines
from earshot.index.shelf import STRONGEST, Shelf, mapped_shelf, spine, step_of
from earshot.index.shelving import arranged, sample_key
from earshot.tags import said
from earshot.titles import plain
from earshot.track import Status, Tag, Track, TrackInfo

# Few letters, so that words meet; accents, signs without letters, and spaces at odd places.
texts = st.text(alphabet="ab é'-\tß!Δ中", max_size=9)
words = st.text(alphabet="abeß!δ中", min_size=1, max_size=3)
tags = st.sampled_from(["Hip-Hop", "hip hop", "jazz", "Jazz", "!", "é"])
tracks = st.builds(
    lambda number, title, artists, album, source, named: Track(
        TrackInfo(f"{number:06d}", source, title=title, artists=tuple(artists), album=album),  # type: ignore[arg-type]
        status=Status.READY,
        tags=tuple(Tag(name, probability) for name, probability in named),
    ),
    st.integers(0, 999_999),
    texts,
    st.lists(texts, max_size=3),
    texts,
    st.sampled_from(["file", "deezer", "spotify"]),
    st.lists(st.tuples(tags, st.floats(0, 1)), max_size=4),
)
catalogues = st.lists(tracks, max_size=12)


def shelf_of(rows: Sequence[Track], folder: str) -> Shelf:
    """Written and mapped."""
    written = [track_to_line(track) for track in rows]
    write_columns(Path(folder) / "shelf", arranged(written))
    return mapped_shelf(Path(folder) / "shelf", len(rows), lines_of(rows, folder))


def lines_of(rows: Sequence[Track], folder: str) -> Lines:
    path = Path(folder) / "lines"
    with path.open("wb") as file:
        offsets = write_lines(map(track_to_line, rows), file)
    return Lines(path, offsets)


def spines(rows: Sequence[Track]) -> list[str]:
    return [spine(row_in(track_to_line(track))) for track in rows]


@settings(deadline=None, max_examples=60)
@given(catalogues, st.lists(words, max_size=3))
def test_words_are_found_where_a_look_at_every_row_finds_them(rows: list[Track], sought: list[str]) -> None:
    with TemporaryDirectory() as folder:
        shelf = shelf_of(rows, folder)
        everywhere = [all(f" {word}" in text for word in sought) for text in spines(rows)]
        in_title = [all(f" {word}" in text.partition("\t")[0] for word in sought) for text in spines(rows)]
        assert shelf.with_words(sought).tolist() == everywhere
        assert shelf.with_words_in_title(sought).tolist() == in_title


@settings(deadline=None, max_examples=60)
@given(catalogues, st.lists(tags.map(plain), max_size=3), st.sampled_from(["file", "deezer", "elsewhere"]))
def test_tags_and_sources_are_found_where_a_look_at_every_row_finds_them(
    rows: list[Track], sought: list[str], source: str
) -> None:
    with TemporaryDirectory() as folder:
        shelf = shelf_of(rows, folder)
        strengths = np.ones(len(rows), np.float32)
        for name in sought:
            for row, track in enumerate(rows):
                strengths[row] *= np.float32({plain(tag): p for tag, p in said(track.tags)}.get(name, 0.0))
        found = shelf.tag_strengths(sought)
        assert found == pytest.approx(strengths, abs=len(sought) / STRONGEST)
        assert ((found > 0) == (strengths > 0)).all(), "said or not"
        assert shelf.of_source(source).tolist() == [track.info.source == source for track in rows]
        assert shelf.of_source(None).all()
        assert shelf.tag_names == {plain(tag.name) for track in rows for tag in said(track.tags)}
        odd = np.arange(len(rows)) % 2 == 1
        steps = Counter((plain(tag.name), step_of(tag.probability)) for track in rows[1::2] for tag in said(track.tags))
        counts = shelf.tag_counts(odd)
        assert {(name, step): n for name, own in counts.items() for step, n in enumerate(own.tolist()) if n} == steps


@settings(deadline=None, max_examples=60)
@given(catalogues, texts.map(plain))
def test_places_follow_the_spines_and_titles_are_spans_of_them(rows: list[Track], text: str) -> None:
    with TemporaryDirectory() as folder:
        shelf, expected = shelf_of(rows, folder), spines(rows)
        assert shelf.order.tolist() == sorted(range(len(rows)), key=expected.__getitem__)
        assert [shelf.spine(row) for row in range(len(rows))] == expected
        whole, beginning = shelf.titled(text)
        titles = [text.partition("\t")[0] for text in expected]
        for row, (title, place) in enumerate(zip(titles, shelf.places.tolist(), strict=True)):
            assert (beginning.first <= place < beginning.end) == title.startswith(f" {text}"), row
            assert (whole.first <= place < whole.end) == (title == f" {text}"), row


@settings(deadline=None, max_examples=60)
@given(catalogues)
def test_what_a_map_shows_is_at_hand_without_the_lines(rows: list[Track]) -> None:
    with TemporaryDirectory() as folder:
        shelf = shelf_of(rows, folder)
        assert sorted(shelf.sample.tolist()) == list(range(len(rows)))
        assert shelf.sample_keys.tolist() == [sample_key(rows[row].track_id) for row in shelf.sample.tolist()]
        assert shelf.sample_keys.tolist() == sorted(shelf.sample_keys.tolist())
        for number, row in enumerate(shelf.sample.tolist()):
            (shown,) = shelf.shown(np.array([number]))
            assert (shown.title, shown.artists) == (rows[row].info.title, ", ".join(rows[row].info.artists))


def test_of_many_rows_those_are_kept_for_the_map_whose_keys_are_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelving, "SAMPLE_ROWS", 5)
    rows = [Track(TrackInfo(f"{number:06d}", "file")) for number in range(40)]  # type: ignore[arg-type]
    with TemporaryDirectory() as folder:
        shelf = shelf_of(rows, folder)
        keys = [sample_key(track.track_id) for track in rows]
        assert shelf.sample.tolist() == sorted(range(40), key=keys.__getitem__)[:5]


def test_a_word_that_is_no_text_finds_nothing() -> None:
    with TemporaryDirectory() as folder:
        shelf = shelf_of([Track(TrackInfo("a", "file", title="a"))], folder)  # type: ignore[arg-type]
        assert not shelf.with_words(["\ud800"]).any()


SOME = [
    Track(
        TrackInfo(
            f"{number:06d}",  # type: ignore[arg-type]
            "file",
            title=f"Title {number % 7}",
            artists=("An artist",),
            genres=("Jazz",),
            year=1990 + number,
            duration_ms=60_000,
            path="Jazz/a.mp3",
        ),
        tags=(Tag("jazz", 0.25), Tag("rock", 0.125)),
    )
    for number in range(40)
]


def opened(content: bytes, folder: Path, rows: int = len(SOME)) -> Shelf:
    path = folder / "damaged"
    path.write_bytes(content)
    return mapped_shelf(path, rows, lines_of(SOME, str(folder)))


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("shelf") / "shelf"
    write_columns(path, arranged(map(track_to_line, SOME)))
    return path.read_bytes()


def with_column(number: int, change: Callable[[npt.NDArray[np.generic]], npt.NDArray[np.generic]]) -> bytes:
    columns = arranged(map(track_to_line, SOME))
    columns[number] = change(columns[number].copy())
    with TemporaryDirectory() as folder:
        write_columns(Path(folder) / "shelf", columns)
        return (Path(folder) / "shelf").read_bytes()


def _with_first(value: int) -> Callable[[npt.NDArray[np.generic]], npt.NDArray[np.generic]]:
    def change(column: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        column[0] = value
        return column

    return change


@pytest.mark.parametrize("number", range(33))
@pytest.mark.parametrize("change", ["shorter", "longer"])
def test_a_shelf_whose_columns_do_not_fit_each_other_is_refused(number: int, change: str, tmp_path: Path) -> None:
    changes: dict[str, Callable[[npt.NDArray[np.generic]], npt.NDArray[np.generic]]] = {
        "shorter": lambda column: column[:-1],
        "longer": lambda column: np.append(column, column[:1]),
    }
    with pytest.raises(DamagedIndex):
        opened(with_column(number, changes[change]), tmp_path)


@pytest.mark.parametrize("number", [0, 2, 3, 4, 6, 7, 8, 11, 12, 13, 14, 17, 19, 20, 21, 23, 25, 26, 27, 30, 32])
def test_numbers_that_lead_out_of_the_columns_are_refused(number: int, tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex):
        opened(with_column(number, _with_first(1 << 31)), tmp_path)


def test_the_shelf_of_other_rows_is_refused(content: bytes, tmp_path: Path) -> None:
    opened(content, tmp_path)
    for rows in (0, 39, 41):
        with pytest.raises(DamagedIndex):
            opened(content, tmp_path, rows)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_mutilated_shelf_is_refused_or_answers(content: bytes, data: st.DataObject) -> None:
    """Its hash is checked before; this is for whoever wrote the manifest too. Nothing leads out of the file."""
    start = data.draw(st.integers(0, len(content)))
    noise = data.draw(st.binary(max_size=24))
    mutilated = content[:start] + noise + content[start + data.draw(st.integers(0, 24)) :]
    with TemporaryDirectory() as folder:
        try:
            shelf = opened(mutilated, Path(folder))
        except DamagedIndex:
            return
        shelf.with_words(["t", "1"])
        shelf.facets.in_folder("Jazz")
        shelf.facets.of_genres(["rock"])
        shelf.with_words_in_title(["artist"])
        shelf.tag_strengths(["jazz", "rock"])
        shelf.of_source("file")
        shelf.titled("title")
        assert len(shelf.sample) == len(shelf.sample_keys)


def test_what_is_written_is_what_this_edition_says() -> None:
    """Who changes the columns, or what `plain` makes of a text, raises EDITION: stored shelves would mislead."""
    rows = [
        *SOME[:3],
        Track(
            TrackInfo("x", "spotify", title="Røyk-Sopp's ﬁn (Łódź)", artists=("AC/DC", "!!!"), album="한국 हिन्दी"),  # type: ignore[arg-type]
            tags=(Tag("Hip-Hop", 0.5),),
        ),
    ]
    digest = hashlib.sha256()
    for column in arranged(map(track_to_line, rows)):
        digest.update(f"{column.dtype.str}{column.shape}".encode() + column.tobytes())
    assert digest.hexdigest()[:16] == "a3411633d59a5bf6"


def test_half_precision_becomes_single_precision_exactly() -> None:
    everything = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = everything[np.isfinite(everything)]
    assert np.array_equal(as_single(finite).view(np.uint32), finite.astype(np.float32).view(np.uint32))


@given(
    st.lists(
        st.one_of(
            st.lists(st.one_of(st.integers(0, 400), st.integers(0, 2**32 - 1))).map(
                lambda numbers: np.array(numbers, np.uint32)
            ),
            st.lists(st.integers(0, 2**64 - 1)).map(lambda numbers: np.cumsum(np.array(numbers, np.uint64) % 300)),
            st.binary().map(lambda text: np.frombuffer(text, np.uint8)),
            st.lists(st.floats(width=32, allow_nan=False)).map(lambda numbers: np.array(numbers, np.float32)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_columns_come_back_as_they_were(columns: list[npt.NDArray[np.generic]]) -> None:
    with TemporaryDirectory() as folder:
        write_columns(Path(folder) / "columns", columns)
        found = mapped_columns(Path(folder) / "columns", [column.dtype.type for column in columns])
        assert [column.tolist() for column in found] == [column.tolist() for column in columns]


def test_row_numbers_that_ascend_take_a_byte_each(tmp_path: Path) -> None:
    rows = np.flatnonzero(np.random.default_rng(0).random(50_000) < 0.2).astype(np.uint32)
    write_columns(tmp_path / "columns", [rows])
    assert (tmp_path / "columns").stat().st_size < 64 + 1.01 * len(rows)
    assert mapped_columns(tmp_path / "columns", [np.uint32])[0].tolist() == rows.tolist()
