"""Lists as people have them: what is understood of each form, and that what is written is read."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import InvalidPlaylist
from earshot.lists import MEDIA_TYPES, ListedTrack, TrackList, read_list, write_list
from earshot.lists.values import length_of
from earshot.windows import Window

_ROWS = [
    ("spotify:track:0000000000000000030001", "Blue, Bluer", "Mar Lin, Tess", "Deep", "201000", "USABC0030001"),
    ("spotify:track:0000000000000000030002", 'Say "Yes"', "Otto", "Loud", "183000", "USABC0030002"),
]
_EXPORTIFY = (
    "Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album URI", "Album Name", "Album Artist URI(s)",
    "Album Artist Name(s)", "Album Release Date", "Album Image URL", "Disc Number", "Track Number",
    "Track Duration (ms)", "Track Preview URL", "Explicit", "Popularity", "ISRC", "Added By", "Added At",
)  # fmt: skip


def _table(*rows: Sequence[str], by: str = ",", end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in f'{by}"\n') else cell

    return end.join([*(by.join(map(quoted, row)) for row in rows), ""]).encode(encoding)


_EXPORTED = {
    "exportify.csv": _table(
        _EXPORTIFY,
        *(
            (u, t, "", a, "", b, "", a, "2011", "", "1", "1", d, "", "false", "5", i, "", "")
            for u, t, a, b, d, i in _ROWS
        ),
    ),
    "exportify-short.csv": _table(
        ("Track URI", "Track Name", "Artist Name(s)", "Album Name", "Duration (ms)"), *(row[:5] for row in _ROWS)
    ),
    "soundiiz.csv": _table(("title", "artist", "album", "isrc"), *((t, a, b, i) for _, t, a, b, _, i in _ROWS)),
    "tunemymusic.csv": _table(
        ("\ufeffTrack name", "Artist name", "Album", "Playlist name", "Type", "ISRC", "Spotify - id"),
        *((t, a, b, "Mine", "Playlist", i, u[14:]) for u, t, a, b, _, i in _ROWS),
    ),
    "shazam.csv": _table(
        ("Shazam Library",),
        ("Index", "TagTime", "Title", "Artist", "URL", "TrackKey"),
        *(("1", "2026-01-01", t, a, "https://www.shazam.com/track/1", "1") for _, t, a, *_ in _ROWS),
    ),
    "excel.csv": b"sep=;\r\n"
    + _table(("Titel", "Interpret", "Dauer"), *((t, a, d) for _, t, a, _, d, _ in _ROWS), by=";"),
    "tabs.tsv": _table(("title", "artist", "isrc"), *((t, a, i) for _, t, a, _, _, i in _ROWS), by="\t"),
    "apple.txt": _table(
        ("Name", "Artist", "Album", "Time"),
        *((t, a, b, "201") for _, t, a, b, *_ in _ROWS),
        by="\t",
        end="\r",
        encoding="utf-16",
    ),
    "unmarked.csv": _table(("Name", "Artist"), *((t, a) for _, t, a, *_ in _ROWS), encoding="utf-16-le"),
    "spaces.csv": b'TITLE, ARTIST\n"Blue, Bluer", "Mar Lin, Tess"\n"Say ""Yes""", "Otto"\n',
    "mac.csv": _table(("title", "artist"), *((t, a) for _, t, a, *_ in _ROWS), end="\r"),
    "pipes.csv": _table(("title", "artist"), *((t, a) for _, t, a, *_ in _ROWS), by="|"),
    "no-header.csv": _table(*((t, a) for _, t, a, *_ in _ROWS)),
    "no-header-codes.csv": _table(*((i, t, a) for _, t, a, _, _, i in _ROWS)),
    "careless.csv": b'title,artist\n"Blue, Bluer","Mar Lin, Tess"\n"Say "Yes"",Otto\n',
}


@pytest.mark.parametrize("name", _EXPORTED)
def test_what_services_and_programs_export_is_understood(name: str) -> None:
    found = read_list(_EXPORTED[name], name)
    assert [track.title for track in found.tracks] == ["Blue, Bluer", 'Say "Yes"']
    assert [", ".join(track.artists) for track in found.tracks] == ["Mar Lin, Tess", "Otto"]
    assert all(track.names_a_recording for track in found.tracks)


def test_ids_codes_and_lengths_are_taken_too() -> None:
    first = read_list(_EXPORTED["exportify.csv"], "exportify.csv").tracks[0]
    assert (first.id, first.isrc, first.duration_ms) == ("0000000000000000030001", "USABC0030001", 201_000)
    assert first.artists == ("Mar Lin", "Tess")
    assert read_list(_EXPORTED["tunemymusic.csv"], "x.csv").tracks[0].id == "0000000000000000030001"
    assert read_list(_EXPORTED["apple.txt"], "x.txt").tracks[0].duration_ms == 201_000
    assert read_list(_EXPORTED["no-header-codes.csv"], "x.csv").tracks[1].isrc == "USABC0030002"


def test_a_preview_can_say_which_column_became_what() -> None:
    found = read_list(_EXPORTED["shazam.csv"], "shazam.csv")
    assert found.columns == {"Title": "title", "Artist": "artists", "URL": "url"}
    assert found.ignored == ("Index", "TagTime", "TrackKey")
    excel = read_list("title;artist;isrc\r\nGröße;Jörg;USABC0030003".encode("cp1252"), "excel.csv")
    assert (excel.encoding, excel.delimiter, excel.tracks[0].title) == ("cp1252", ";", "Größe")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"foo,bar,baz\n1,x,y\n2,z,a\n", "foo, bar, baz"),
        (b"title,lyrics\nOne,la la\n", "title, lyrics"),
        (b"when;who;where;what;why\na;b;c;d;e\n", "when, who, where, what, why"),
        (b"just some words\nand some more\n", "just some words"),
        (b"\x00\x01\x02\x03" * 50, "no text"),
        (b"Rank;Plays;Rating\n1;200;5\n2;300;4\n", "Rank, Plays, Rating"),
    ],
)
def test_a_file_that_is_not_understood_says_so_once_and_what_it_has(content: bytes, said: str) -> None:
    with pytest.raises(InvalidPlaylist) as raised:
        read_list(content, "list.csv")
    assert said in f"{raised.value.message}"


_GOOD = ["One,Ann,USABC0031001", "Two,Ben,USABC0031002", "Three,Cy,USABC0031003"]


@pytest.mark.parametrize(
    "bad",
    [
        b"Long,Dee," + b"la " * 40_000,
        b"N\0ul,Flo,USABC0031006",
        "Größe und Übel, ".encode() + b"Caf\xe9",
        b'"Unclosed,Gus,USABC0031004',
        b'Half "quoted" words,Gus,USABC0031004',
        b",,",
        b"only a title",
        b"too,many,cells,in,this,row",
    ],
)
def test_one_bad_row_costs_one_row(bad: bytes) -> None:
    lines = [b"title,artist,isrc", _GOOD[0].encode(), bad, *(line.encode() for line in _GOOD[1:]), b'"Quoted",Hal,']
    tracks = read_list(b"\n".join(lines), "list.csv").tracks
    assert [track.title for track in tracks if track.title in ("One", "Two", "Three", "Quoted")] == [
        "One", "Two", "Three", "Quoted",
    ]  # fmt: skip
    assert len(tracks) <= 5


def test_songs_that_are_called_by_numbers_are_songs() -> None:
    found = read_list(b"Purple Rain,Prince\n1999,Prince\n", "mine.csv")
    assert [track.title for track in found.tracks] == ["Purple Rain", "1999"]


def test_an_id_that_nobody_knows_leaves_the_row_to_its_other_columns() -> None:
    rows = "id,title,artist,isrc\ntidal:5566,One,Ann,USABC0031011\nspotify:local:Ben:X:Two:200,Two,Ben,\n"
    rows += "b9ad642e-b012-41c7-b72a-42cf4911f9ff,Three,Cy,\n"
    one, two, three = read_list(rows.encode(), "list.csv").tracks
    assert (one.id, one.isrc, two.title) == ("", "USABC0031011", "Two")
    assert three.mbid == "b9ad642e-b012-41c7-b72a-42cf4911f9ff"
    assert all(track.names_a_recording for track in (one, two, three))


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("3:20", "", 200_000), ("0:03:20", "", 200_000), ("1:02:03", "", 3_723_000), ("200", "", 200_000),
        ("200000", "", 200_000), ("200.5", "", 200_500), ("200,5", "s", 200_500), ("3m 20s", "", 200_000),
        ("PT3M20S", "", 200_000), ("9000", "ms", 9_000), ("12000", "s", 12_000_000), ("3:20.25", "ms", 200_250),
        ("", "", None), ("-1", "", None), ("0", "", None), ("long", "", None), ("9" * 30, "", None),
    ],
)  # fmt: skip
def test_lengths_are_understood_by_column_and_size(text: str, unit: str, expected: int | None) -> None:
    assert length_of(text, unit) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Ann Lee - One More Light", "Ann Lee – One More Light", "Ann Lee — One More Light",
        "1. Ann Lee - One More Light",
        "12) Ann Lee - One More Light (3:20)", "• Ann Lee - One More Light", "Ann Lee\tOne More Light",
        "One More Light by Ann Lee", "  Ann Lee  -  One More Light  3:20 ",
    ],
)  # fmt: skip
def test_lines_of_words_name_songs(line: str) -> None:
    (track,) = read_list(line.encode(), "pasted").tracks
    assert (track.artists, track.title) == (("Ann Lee",), "One More Light")
    assert track.duration_ms == (200_000 if "3:20" in line else None)


def test_lines_may_be_links_and_codes_and_what_is_neither_is_one_bad_row() -> None:
    text = "https://open.spotify.com/track/0000000000000000030001?si=1\nUSABC0031001\nhm\nAnn - One\n\n# a remark\n"
    found = read_list(text.encode(), "pasted").tracks
    assert [track.id or track.isrc or track.title for track in found] == [
        "0000000000000000030001",
        "USABC0031001",
        "",
        "One",
    ]
    assert [track.text for track in found if not track.names_a_recording] == ["hm"]


def test_a_cue_sheet_lists_the_tracks_of_its_file() -> None:
    sheet = (
        'PERFORMER "Ann Lee"\nTITLE "Blue"\nFILE "Blue.flac" WAVE\n  TRACK 01 AUDIO\n    TITLE "One"\n'
        "    INDEX 01 00:00:00\n"
        '  TRACK 02 AUDIO\n    TITLE "Two"\n    PERFORMER "Ben"\n    ISRC USABC0031002\n    INDEX 00 03:18:00\n'
        "    INDEX 01 03:20:00\n"
    )
    one, two = read_list(sheet.encode(), "Blue.cue").tracks
    assert (one.title, one.artists, one.album, one.duration_ms) == ("One", ("Ann Lee",), "Blue", 200_000)
    assert (two.artists, two.isrc, two.duration_ms, two.is_part) == (("Ben",), "USABC0031002", None, True)
    single = sheet.replace("  TRACK 02", 'FILE "Two with spaces.flac" WAVE\n  TRACK 02')
    assert [(t.location, t.is_part) for t in read_list(single.encode(), "x.cue").tracks] == [
        ("Blue.flac", False),
        ("Two with spaces.flac", False),
    ]


def test_pls_keeps_the_order_of_its_numbers() -> None:
    pls = "[playlist]\nFile10=c.mp3\nFile2=b.mp3\nTitle2=Ann - One\nLength2=200\nFile1=a.mp3\nLength1=-1\nVersion=2\n"
    tracks = read_list(pls.encode(), "list.pls").tracks
    assert [track.location for track in tracks] == ["a.mp3", "b.mp3", "c.mp3"]
    assert (tracks[1].title, tracks[1].artists, tracks[1].duration_ms) == ("One", ("Ann",), 200_000)


_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><title>&b;</title></track></trackList></playlist>'
)


@pytest.mark.parametrize(
    "content", [_BOMB, "<playlist>", "<?xml version='1.0'?>" + "<a>" * 200 + "</a>" * 200, "<a/><b/>"]
)
def test_xml_that_declares_entities_or_is_broken_is_refused(content: str) -> None:
    with pytest.raises(InvalidPlaylist):
        read_list(content.encode(), "list.xspf")


def test_reading_a_hostile_table_takes_time_in_proportion() -> None:
    began = time.process_time()
    for content in (b'"' * 150_000, b'a,"b\n' * 30_000, b",".join([b"x"] * 50_000), b"[" * 50_000, b'"a""' * 40_000):
        with pytest.raises(InvalidPlaylist):
            read_list(b"lyrics,words,more,columns,here\n" + content, "list.csv")
    assert time.process_time() - began < 15


_TEXT = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=30).map(
    lambda text: " ".join(text.split())
)
_NAME = _TEXT.filter(lambda text: text and ";" not in text and not text.startswith("#"))
_LISTED = st.builds(
    ListedTrack,
    title=_NAME,
    artists=st.lists(_NAME, min_size=1, max_size=3, unique=True).map(tuple),
    album=_TEXT,
    isrc=st.none() | st.just("USABC0031001"),
    mbid=st.none() | st.just("b9ad642e-b012-41c7-b72a-42cf4911f9ff"),
    duration_ms=st.none() | st.integers(1, 36_000).map(lambda seconds: seconds * 1000),
    id=st.sampled_from(["0000000000000000030001", "deezer:7", "file:0123456789abcdef"]),
    location=_NAME.map(lambda name: f"/music/{name}.mp3"),
)


@pytest.mark.parametrize("form", MEDIA_TYPES)
@given(tracks=st.lists(_LISTED, min_size=1, max_size=5))
def test_what_is_written_is_read(form: str, tracks: list[ListedTrack]) -> None:
    found: TrackList = read_list(write_list(tracks, form, "Mine").encode(), f"list.{form}")
    if form == "m3u8":
        tracks = [replace(track, isrc=None, mbid=None) for track in tracks]
    if form in ("xspf", "jspf"):
        tracks = [replace(track, location="file://" + quote(track.location)) for track in tracks]
    assert [replace(track, text="") for track in found.tracks] == tracks
    assert found.title == ("" if form == "csv" else "Mine")


def test_an_m3u8_without_a_place_to_play_from_remarks_on_it() -> None:
    written = write_list([ListedTrack("One", ("Ann",)), ListedTrack("Two", ("Ben",), location="#2.mp3")], "m3u8")
    assert "# nowhere to be played from: Ann - One" in written
    (track,) = read_list(written.encode(), "list.m3u8").tracks
    assert track.location == "./#2.mp3"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/music/a b #1.mp3", "file:///music/a%20b%20%231.mp3"),
        ("D:\\Music\\ü.mp3", "file:///D:/Music/%C3%BC.mp3"),
        ("Ann Lee/one.mp3", "Ann%20Lee/one.mp3"),
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
    ],
)
def test_xspf_and_jspf_hold_addresses(path: str, address: str) -> None:
    for form in ("xspf", "jspf"):
        (track,) = read_list(write_list([ListedTrack(location=path)], form).encode(), f"list.{form}").tracks
        assert track.location == address


def test_an_answer_in_json_is_a_list_too() -> None:
    answer = {"results": [{"track_id": "deezer:7", "title": "One", "artists": ["Ann", "Ben"], "duration_ms": 200_000}]}
    (track,) = read_list(json.dumps(answer).encode(), "answer.json").tracks
    assert (track.id, track.title, track.artists, track.duration_ms) == ("deezer:7", "One", ("Ann", "Ben"), 200_000)


@pytest.mark.parametrize("form", MEDIA_TYPES)
def test_what_a_list_says_of_a_part_of_a_file_is_read_again(form: str) -> None:
    parts = [
        ListedTrack("One", location="/m/a.flac", is_part=True, window=Window(0, 63_400)),
        ListedTrack("Two", location="/m/a.flac", is_part=True, window=Window(63_400)),
        ListedTrack("Three", location="/m/b.flac"),
    ]
    read = read_list(write_list(parts, form).encode(), f"a.{form}").tracks
    assert [(t.is_part, t.window) for t in read] == [(t.is_part, t.window) for t in parts]
    paths = [unquote(t.location.removeprefix("file://").partition("#")[0]) for t in read]
    assert paths == [t.location for t in parts]


def test_an_m3u8_says_a_part_of_a_file_as_vlc_reads_it() -> None:
    part = ListedTrack("One", location="/m/a.flac", is_part=True, window=Window(500, 63_400))
    assert "#EXTVLCOPT:start-time=0.500\n#EXTVLCOPT:stop-time=63.400\n/m/a.flac\n" in write_list([part], "m3u8")
