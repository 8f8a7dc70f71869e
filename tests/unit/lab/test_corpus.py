"""A corpus is known by what is in it."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from mutagen.flac import FLAC

from earshot.errors import InvalidInput
from lab import corpus
from lab.catalogues import drawn, firsts, half
from lab.encoding import Kind, encoded
from tests.unit.lab.music import clip

ROWS = [
    {
        "path": "a.ogg",
        "artist": "Ann",
        "track_id": "a",
        "clip_id": "a 1",
        "genre": "folk",
        "tags": "Slow; calm",
        "start_s": "20",
    },
    {"path": "a.ogg", "artist": "Ann", "track_id": "a", "clip_id": "a 2", "genre": "folk", "tags": "", "start_s": "70"},
    {"path": "b.ogg", "artist": "Bob", "track_id": "b", "clip_id": "b 1", "genre": "", "tags": "", "start_s": ""},
]


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.ogg").write_bytes(b"one")
    (folder / "b.ogg").write_bytes(b"other")
    with (folder / "clips.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return folder / "clips.csv"


def test_a_table_says_what_is_known_of_clips(tmp_path: Path) -> None:
    found = {clip.clip_id: clip for clip in corpus.read(written(tmp_path, ROWS)).clips}
    assert found["a 1"].tags == ("calm", "slow")
    assert (found["a 1"].track, found["a 2"].start_s, found["b 1"].genre) == ("a", 70.0, None)
    assert found["a 1"].content == found["a 2"].content != found["b 1"].content
    assert found["a 1"].sound != found["a 2"].sound


def test_a_folder_with_a_table_is_what_it_lists(tmp_path: Path) -> None:
    table = written(tmp_path, ROWS)
    assert corpus.of_places([tmp_path]) == corpus.read(table)


def test_neither_place_nor_order_of_rows_changes_a_corpus_but_contents_do(tmp_path: Path) -> None:
    here = corpus.read(written(tmp_path / "here", ROWS))
    there = corpus.read(written(tmp_path / "there", ROWS[::-1]))
    assert here.sha256 == there.sha256
    shutil.copy(tmp_path / "there" / "a.ogg", tmp_path / "there" / "b.ogg")
    assert corpus.read(tmp_path / "there" / "clips.csv").sha256 != here.sha256
    other_genre = corpus.read(written(tmp_path / "there", [ROWS[0] | {"genre": "rock"}, *ROWS[1:]]))
    assert other_genre.sha256 != here.sha256


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"start_s": "soon"}, "line 4: start_s is 'soon'"),
        ({"start_s": "nan"}, "line 4: start_s is 'nan'"),
        ({"artist": ""}, "line 4: no artist"),
        ({"path": "c.ogg"}, "line 4: c.ogg cannot be read"),
        ({"clip_id": "a 1"}, "two clips are called 'a 1'"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(tmp_path: Path, row: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        corpus.read(written(tmp_path, [*ROWS[:2], ROWS[2] | row]))


def test_a_table_without_artists_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="line 1: no column artist"):
        corpus.read(written(tmp_path, [{"path": "a.ogg"}]))


def piece(file: Path, seconds: int = 36, **tags: str) -> None:
    """A silent piece of music, with these tags; none at all where there are none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(encoded(np.zeros(seconds * 8_000, np.float32), 8_000, Kind("flac", "flac")))
    flac = FLAC(file)
    flac.delete()
    flac.update(tags)
    flac.save()


def artists_and_albums(*folders: Path) -> dict[str, tuple[str, str | None]]:
    return {clip.track: (clip.artist, clip.album) for clip in corpus.of_folders(folders).clips}


def test_long_pieces_give_two_clips_and_short_ones_none(tmp_path: Path) -> None:
    piece(tmp_path / "Ann" / "long.flac", 110)
    piece(tmp_path / "Bob" / "short.flac", 36)
    piece(tmp_path / "Bob" / "jingle.flac", 5)
    (tmp_path / "Bob" / "cover.jpg").write_bytes(b"no audio")
    found = sorted(corpus.of_folders([tmp_path]).clips, key=lambda clip: clip.clip_id)
    assert [(clip.clip_id, clip.artist, clip.start_s) for clip in found] == [
        ("Ann/long.flac a", "Ann", 20),
        ("Ann/long.flac b", "Ann", 66),
        ("Bob/short.flac a", "Bob", 5),
    ]
    with pytest.raises(InvalidInput, match="is no folder"):
        corpus.of_folders([tmp_path / "missing"])


def test_in_a_library_the_album_is_not_the_artist_and_two_albums_of_one_name_are_two(tmp_path: Path) -> None:
    piece(tmp_path / "Ann" / "Live" / "01 One.flac")
    piece(tmp_path / "Bob" / "Live" / "CD1" / "01 One.flac")
    assert artists_and_albums(tmp_path) == {
        "Ann/Live/01 One.flac": ("Ann", "Live"),
        "Bob/Live/CD1/01 One.flac": ("Bob", "Live"),
    }
    assert artists_and_albums(tmp_path / "Ann" / "Live", tmp_path / "Bob" / "Live") == artists_and_albums(tmp_path)
    assert artists_and_albums(tmp_path / "Ann" / "Live") == {"01 One.flac": ("Live", None)}


def test_where_nobody_is_named_a_folder_is_an_artist_known_by_its_path(tmp_path: Path) -> None:
    piece(tmp_path / "Music" / "Live" / "One.flac")
    piece(tmp_path / "Downloads" / "Live" / "One.flac", albumartist="Various Artists", album="Mix")
    assert artists_and_albums(tmp_path) == {
        "Music/Live/One.flac": ("Music/Live", "Live"),
        "Downloads/Live/One.flac": ("Downloads/Live", "Mix"),
    }


def test_tags_win_over_folders_and_an_artist_is_spelt_in_one_way(tmp_path: Path) -> None:
    piece(tmp_path / "Ann" / "Duets" / "1.flac", albumartist="Ann", artist="Ann feat. Bob", album="Duets (2001)")
    piece(tmp_path / "Mix" / "2.flac", albumartist="Various Artists", artist="ÁNN")
    assert artists_and_albums(tmp_path) == {
        "Ann/Duets/1.flac": ("Ann", "Duets (2001)"),
        "Mix/2.flac": ("Ann", None),
    }


def test_half_of_a_catalogue_is_the_second_clips_and_every_second_lonely_one() -> None:
    clips = [clip(0, "a", "x", start_s=60.0), *(clip(number, name, "x") for number, name in enumerate("abcd", 1))]
    assert half(clips).tolist() == [0, 3]
    assert firsts(clips).tolist() == [1, 2, 3, 4]


def test_small_catalogues_are_drawn_alike_each_time() -> None:
    rows = firsts([clip(number, str(number), "x") for number in range(40)])
    some = [*drawn(rows, 30)]
    assert len(some) == 10
    assert all(len({*each}) == 30 for each in some)
    assert all((a == b).all() for a, b in zip(some, drawn(rows, 30), strict=True))
    assert [len(each) for each in drawn(rows, 300)] == [40]
