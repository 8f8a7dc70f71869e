"""A person's lists, out of a person's own files: what the catalogue holds is taken, and the rest has a reason."""

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from crawler.source import PAGE_SIZE
from earshot.ids import CrawlId
from earshot.lists import ListedTrack, write_list
from earshot.reasons import Reason
from earshot.stores.pasted_lists import PastedLists
from earshot.track import Track
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.clients import client
from tests.stubs.deezer import DeezerStub
from tests.stubs.exports import write_file, write_rows_of_which_some_are_held
from tests.stubs.spotify import SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack


def _entries(stack: Stack, crawl_id: CrawlId) -> Iterator[tuple[Track | None, Reason | None]]:
    for entry in stack.crawls.entries(crawl_id):
        found = stack.tracks.get(entry.track_id) if entry.track_id else None
        yield found, entry.reason or (found.reason if found else None)


def test_an_export_finds_its_songs_among_the_files_and_says_what_became_of_the_others(
    folder_stack: Stack, folder: Path
) -> None:
    """Over two pages of the list, and of the folder; tests/players has one of 200 rows."""
    exported, held = folder / "lists" / "mine.csv", PAGE_SIZE + 1
    songs = write_rows_of_which_some_are_held(folder, exported, held=held, unheard=5)
    folder_stack.run(str(folder))
    found = [*_entries(folder_stack, folder_stack.run(str(exported)))]
    matched = [one.info for one, _ in found[:held] if one and one.info.source == "file"]
    assert len(matched) == held
    for info, (title, artist, _) in zip(matched, songs, strict=True):
        assert (info.title.lower().removesuffix(" (remastered 2011)"), info.artists) == (title.lower(), (artist,))
    assert [reason for _, reason in found[held:]] == [Reason.NOT_IN_LIBRARY] * 9

    listed = [ListedTrack(i.title, i.artists, i.album, location=(i.preview_url or "")) for i in matched]
    playlist = folder / "lists" / "mine.m3u8"
    playlist.write_text(write_list(listed, "m3u8", "Mine"), encoding="utf-8")
    again = [*_entries(folder_stack, folder_stack.run(str(playlist)))]
    assert [one and one.track_id for one, _ in again] == [info.track_id for info in matched]


def test_what_was_listed_before_its_file_came_is_matched_when_the_list_is_read_again(
    folder_stack: Stack, folder: Path
) -> None:
    exported = folder / "mine.csv"
    exported.write_text(f"id,title,artist\n{spotify_id(1)},One,Ann\n")
    ((before, reason),) = _entries(folder_stack, folder_stack.run(str(exported)))
    assert (before and before.info.source, reason) == ("spotify", Reason.NOT_IN_LIBRARY)
    write_file(folder / "one.flac", "One", "Ann")
    folder_stack.run(str(folder))
    ((after, _),) = _entries(folder_stack, folder_stack.run(str(exported)))
    assert after is not None
    assert after.info.source == "file"


def test_a_list_of_files_leaves_them_as_their_folder_describes_them(folder_stack: Stack, folder: Path) -> None:
    untagged = write_file(folder / "Ann Lee" / "01 - One.flac", "", "")
    (folder / "list.m3u8").write_text(_m3u([str(untagged)]))
    folder_stack.run(str(folder))
    before = [track.info for track in folder_stack.tracks.scan()]
    ((found, _),) = _entries(folder_stack, folder_stack.run(str(folder / "list.m3u8")))
    assert before == [found and found.info]


def test_codes_lead_to_files_only_where_the_rest_agrees(folder_stack: Stack, folder: Path) -> None:
    for name in ("First", "Second"):
        write_file(folder / f"{name}.flac", name, "Duo", "Rip", "GBABC0160001")
    (folder / "list.csv").write_text(
        "title,artist,isrc\nSecond,Duo,GBABC0160001\nThird,Duo,GBABC0160001\n,,GBABC0160001\n"
    )
    folder_stack.run(str(folder))
    second, third, _ = _entries(folder_stack, folder_stack.run(str(folder / "list.csv")))
    assert second[0] is not None
    assert second[0].info.title == "Second"
    assert third[1] is Reason.NOT_IN_LIBRARY


_NAMES = ["Ann Lee/01 - One.flac", "Ann Lee/02 - Größe & more.flac", unicodedata.normalize("NFD", "Zoé/03 - Été.flac")]


def _m3u(items: list[str]) -> str:
    return "#EXTM3U\r\n" + "".join(f"#EXTINF:8,Song\r\n{item}\r\n" for item in items)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("relative.m3u8", lambda _: "\ufeff" + _m3u(_NAMES)),
        ("backslash.m3u8", lambda _: _m3u([n.replace("/", "\\") for n in _NAMES])),
        (
            "windows.m3u",
            lambda _: _m3u(["D:\\Music\\" + n.replace("/", "\\") for n in _NAMES]).encode("cp1252", "replace"),
        ),
        ("share.m3u8", lambda _: _m3u(["\\\\nas\\Music\\" + n.replace("/", "\\") for n in _NAMES])),
        ("elsewhere.m3u8", lambda _: _m3u([f"/Users/ann/Music/{n}" for n in _NAMES])),
        ("escaped.m3u8", lambda _: _m3u([quote(n) for n in _NAMES])),
        ("case.m3u8", lambda _: _m3u([n.upper() for n in _NAMES])),
        ("composed.m3u8", lambda _: _m3u([unicodedata.normalize("NFC", n) for n in _NAMES])),
        ("uris.m3u8", lambda folder: _m3u([(folder / n).as_uri() for n in _NAMES])),
        ("lists/below.m3u8", lambda _: _m3u([f"../{n}" for n in _NAMES])),
        ("list.pls", lambda _: "[playlist]\n" + "".join(f"File{n + 1}={name}\n" for n, name in enumerate(_NAMES))),
        ("list.xspf", lambda folder: write_list([ListedTrack(location=(folder / n).as_uri()) for n in _NAMES], "xspf")),
        ("list.jspf", lambda folder: write_list([ListedTrack(location=(folder / n).as_uri()) for n in _NAMES], "jspf")),
        ("list.csv", lambda folder: write_list([ListedTrack(location=str(folder / n)) for n in _NAMES], "csv")),
        ("list.txt", lambda _: "path\n" + "\n".join(_NAMES)),
        ("list.cue", lambda _: "".join(f'FILE "{n}" WAVE\n  TRACK {i:02d} AUDIO\n' for i, n in enumerate(_NAMES))),
    ],
)
def test_playlists_lead_to_their_files_however_paths_are_written(
    folder_stack: Stack, folder: Path, name: str, content: Callable[[Path], str | bytes]
) -> None:
    for n, file in enumerate(_NAMES):
        write_file(folder / file, f"Title {n}", "Ann")
    written = content(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(written if isinstance(written, bytes) else written.encode())
    found = [*_entries(folder_stack, folder_stack.run(str(folder / name)))]
    assert [one and one.info.title for one, _ in found] == ["Title 0", "Title 1", "Title 2"]


def test_lines_that_lead_nowhere_have_a_reason_and_lead_out_of_no_folder(folder_stack: Stack, folder: Path) -> None:
    write_file(folder.parent / "secret.flac", "Secret", "Ann")
    (folder / "list.m3u8").write_text(
        _m3u(["gone.mp3", "https://radio.example/stream", "../secret.flac", "list.m3u8", "x" * 5000])
    )
    found = [*_entries(folder_stack, folder_stack.run(str(folder / "list.m3u8")))]
    assert [reason for _, reason in found] == ["file_gone", "no_track_id", "file_gone", "file_gone", "file_gone"]


def test_a_cue_sheet_s_tracks_are_heard_or_matched_or_say_what_is_wrong(folder_stack: Stack, folder: Path) -> None:
    write_file(folder / "album.flac", "Whole", "Ann")
    write_file(folder / "two.flac", "Two", "Ann")
    sheet = 'PERFORMER "Ann"\nFILE "album.flac" WAVE\n TRACK 01 AUDIO\n  TITLE "One"\n  INDEX 01 00:00:00\n'
    (folder / "album.cue").write_text(f'{sheet} TRACK 02 AUDIO\n  TITLE "Two"\n  INDEX 01 03:00:00\n')
    folder_stack.run(str(folder))
    one, two = _entries(folder_stack, folder_stack.run(str(folder / "album.cue")))
    assert (one[0] and one[0].info.title, one[1]) == ("One", None)
    assert (two[0] and two[0].info.preview_url) == (folder / "two.flac").as_uri()
    (folder / "album.flac").unlink()
    (folder / "none.cue").write_text((folder / "album.cue").read_text().replace("One", "Never held"))
    never, _ = _entries(folder_stack, folder_stack.run(str(folder / "none.cue")))
    assert never[1] is Reason.PART_OF_FILE


def test_a_list_that_was_sent_is_crawled(folder_stack: Stack, folder: Path) -> None:
    write_file(folder / "one.flac", "One More Light", "Ann Lee")
    folder_stack.run(str(folder))
    called = PastedLists(client("dynamodb"), "crawls").keep("Ann Lee – One More Light\nBen - Two\nhm\n")
    found = [*_entries(folder_stack, folder_stack.run(called))]
    assert found[0][0] is not None
    assert found[0][0].info.source == "file"
    assert [reason for _, reason in found[1:]] == [Reason.NOT_IN_LIBRARY, Reason.BAD_ROW]


def test_songs_without_a_length_are_heard_where_one_recording_fits(
    web_stack: Stack, folder: Path, deezer: DeezerStub
) -> None:
    for number, (title, seconds) in enumerate([("One Light", 200), ("Two Lights", 200), ("Two Lights", 260)]):
        deezer.tracks[number + 1] = deezer_stub.track(
            number + 1, title=title, artist={"name": "Ann Lee"}, duration=seconds
        )
        deezer.audio[number + 1] = sweep(1)
    (folder / "rows.csv").write_text("title,artist\nOne Light,Ann Lee\nTwo Lights,Ann Lee\nNo Light,Ann Lee\n")
    (one, _), (_, two), (_, none) = _entries(web_stack, web_stack.run(str(folder / "rows.csv")))
    assert one is not None
    assert web_stack.previews.get(one.track_id) is not None
    assert one.info.duration_ms == 200_000
    assert two == Reason.NO_DURATION
    assert none in (Reason.MISS, Reason.NO_DURATION)


def test_rows_with_a_code_alone_get_title_and_artists_from_whoever_knows_them(
    web_stack: Stack, folder: Path, deezer: DeezerStub
) -> None:
    deezer.tracks[7], deezer.audio[7] = deezer_stub.track(7, title="Named by the code"), sweep(1)
    (folder / "isrc.csv").write_text(f"isrc\n{deezer.tracks[7]['isrc']}\n")
    ((found, _),) = _entries(web_stack, web_stack.run(str(folder / "isrc.csv")))
    assert found is not None
    assert (found.info.title, found.info.artists) == ("Named by the code", ("Artist 7",))


def test_a_relinked_track_is_known_by_both_ids(web_stack: Stack, spotify: SpotifyStub) -> None:
    answered = track(2, linked_from={"id": spotify_id(1), "type": "track"})
    spotify.playlists[spotify_id("p")] = [item(answered)]
    crawl_id = web_stack.run(spotify_id("p"))
    assert {track.track_id for track in web_stack.tracks.scan()} == {spotify_id(1), spotify_id(2)}
    assert web_stack.crawls.count(crawl_id, web_stack.tracks).total == 1


def test_a_table_of_unknown_columns_ends_the_crawl_and_names_them(folder_stack: Stack, folder: Path) -> None:
    (folder / "list.csv").write_text("foo,bar,baz\n1,x,y\n")
    summary = folder_stack.crawls.summary(folder_stack.run(str(folder / "list.csv")))
    assert summary.error is not None
    assert "foo, bar, baz" in summary.error["message"]
    assert "title" in summary.error["hint"]


def test_what_is_written_for_players_leads_them_to_everywrite_file(folder: Path) -> None:
    """By Mopidy's rules (`mopidy.m3u.translator`): what is no comment and has no scheme is a path beside the list."""
    names = ["Ann/#1 – Größe & 100%?.flac", "Zoe\u0301: E\u0301te\u0301.flac", "a=b;c 'd' \"e\".flac"]
    paths = [write_file(folder / name, "Title", "Ann") for name in names]
    for listed, base in ((paths, Path("/")), ([path.relative_to(folder) for path in paths], folder)):
        written = write_list([ListedTrack("T", ("A",), location=str(path)) for path in listed], "m3u8")
        lines = [line.strip() for line in written.splitlines() if line.strip() and not line.startswith("#")]
        assert not any(urlsplit(line).scheme for line in lines)
        assert [(base / line).resolve() for line in lines] == paths
