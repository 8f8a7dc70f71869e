"""Lists that are crawled before their files: once these have come, the lists are crawled again by themselves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import bootstrap
from crawler.awaited import Awaited
from crawler.source import PAGE_SIZE
from earshot.crawls import CrawlSummary
from earshot.ids import CrawlId
from earshot.messages import CrawlPlaylist, ForgetPlaylist
from earshot.reasons import Reason
from earshot.stores.crawls_table import new_crawl_id
from earshot.stores.pasted_lists import PastedLists
from earshot.track import Track
from tests.stubs.clients import client
from tests.stubs.exports import write_file
from tests.stubs.spotify import SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack

_MUSIC = "music"
_WAYS: dict[str, Callable[[Path], str]] = {
    "csv": lambda folder: _written(folder / "mine.csv", f"id,title,artist\n{spotify_id(1)},One,Ann\n"),
    "m3u": lambda folder: _written(folder / "mine.m3u8", "#EXTM3U\n#EXTINF:-1,Ann - One\n/elsewhere/x.mp3\n"),
    "m3u of paths": lambda folder: _written(folder / "mine.m3u", "D:\\Music\\ONE.flac\n"),
    "pasted": lambda _: PastedLists(client("dynamodb"), "crawls").keep("Ann – One\n"),
}


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _of(stack: Stack, playlist: str) -> list[CrawlSummary]:
    """The crawls of a playlist, the newest first."""
    return [summary for summary in stack.crawls.list(None) if summary.playlist == playlist]


def _found(stack: Stack, crawl_id: CrawlId) -> list[Track | None]:
    return [stack.tracks.get(e.track_id) if e.track_id else None for e in stack.crawls.entries(crawl_id)]


def _is_file(found: Track | None) -> bool:
    return found is not None and found.info.source == "file"


@pytest.mark.parametrize("way", _WAYS)
def test_a_list_finds_the_file_that_comes_after_it(folder_stack: Stack, folder: Path, way: str) -> None:
    playlist = _WAYS[way](folder)
    first = folder_stack.run(playlist)
    assert not any(map(_is_file, _found(folder_stack, first)))
    write_file(folder / _MUSIC / "one.flac", "One", "Ann")
    folder_stack.run(str(folder / _MUSIC))
    again, before = _of(folder_stack, folder_stack.crawls.summary(first).playlist)
    assert (before.crawl_id, again.finished is not None, again.error) == (first, True, None)
    assert [_is_file(found) for found in _found(folder_stack, again.crawl_id)] == [True]


def test_a_spotify_playlist_without_previews_becomes_one_of_own_files(
    web_stack: Stack, folder: Path, spotify: SpotifyStub
) -> None:
    spotify.playlists[spotify_id("p")] = [item(track(n, name=f"Song {n}", duration_ms=1000)) for n in range(2)]
    first = web_stack.run(spotify_id("p"))
    assert [found and found.info.source for found in _found(web_stack, first)] == ["spotify", "spotify"]
    artist = track(1)["artists"][0]["name"]
    write_file(folder / "one.flac", "Song 1", artist, "Album", track(1)["external_ids"]["isrc"])
    web_stack.run(str(folder))
    again, _ = _of(web_stack, web_stack.crawls.summary(first).playlist)
    assert [found and found.info.source for found in _found(web_stack, again.crawl_id)] == ["spotify", "file"]


def test_a_list_is_crawled_once_however_many_files_come_and_not_again_for_the_same_files(
    folder_stack: Stack, folder: Path
) -> None:
    files = PAGE_SIZE + 1
    rows = [f"Song {n},Ann" for n in range(files)]
    playlist = _written(folder / "mine.csv", "\n".join(["title,artist", *rows, "Never,Ann"]))
    folder_stack.read(playlist)
    for n in range(files):
        write_file(folder / _MUSIC / f"{n}.flac", f"Song {n}", "Ann")
    folder_stack.read(str(folder / _MUSIC))
    again, _ = _of(folder_stack, playlist)
    assert [_is_file(found) for found in _found(folder_stack, again.crawl_id)] == [True] * files + [False]
    folder_stack.read(str(folder / _MUSIC))
    assert len(_of(folder_stack, playlist)) == 2


def test_files_that_no_list_wants_have_none_crawled(folder_stack: Stack, folder: Path) -> None:
    playlist = _written(folder / "mine.csv", "title,artist\nOne,Ann\n")
    folder_stack.run(playlist)
    write_file(folder / _MUSIC / "two.flac", "Two", "Ben")
    folder_stack.run(str(folder / _MUSIC))
    assert len(_of(folder_stack, playlist)) == 1


def test_a_file_that_gets_the_wanted_name_is_found_too(folder_stack: Stack, folder: Path) -> None:
    playlist = _written(folder / "mine.csv", "title,artist\nOne,Ann\n")
    file = write_file(folder / _MUSIC / "a.flac", "Wrong", "Ben")
    folder_stack.run(str(folder / _MUSIC))
    folder_stack.run(playlist)
    write_file(file, "One", "Ann")
    folder_stack.run(str(folder / _MUSIC))
    assert _is_file(_found(folder_stack, _of(folder_stack, playlist)[0].crawl_id)[0])


def test_a_list_that_is_forgotten_is_not_taken_up(folder_stack: Stack, folder: Path) -> None:
    playlist = _written(folder / "mine.csv", "title,artist\nOne,Ann\n")
    crawl_id = folder_stack.run(playlist)
    bootstrap.forgetting().run(ForgetPlaylist(crawl_id, remove_tracks=False))
    write_file(folder / _MUSIC / "one.flac", "One", "Ann")
    folder_stack.run(str(folder / _MUSIC))
    assert len(_of(folder_stack, playlist)) == 1


def test_what_was_given_up_stays_given_up_in_the_crawl_that_follows(folder_stack: Stack, folder: Path) -> None:
    playlist = _written(folder / "mine.csv", "title,artist\nOne,Ann\nTwo,Ben\n")
    _, two = _found(folder_stack, folder_stack.run(playlist))
    write_file(folder / _MUSIC / "one.flac", "One", "Ann")
    folder_stack.run(str(folder / _MUSIC))
    assert two is not None
    assert _found(folder_stack, _of(folder_stack, playlist)[0].crawl_id)[1] == two
    assert two.reason is Reason.NOT_IN_LIBRARY


@pytest.mark.parametrize("dies_in", ["meet", "register", "note_met", "crawl_again", "finish_step"])
def test_a_crawl_that_dies_brings_its_lists_their_files_all_the_same(
    folder_stack: Stack, folder: Path, dies_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist = _written(folder / "mine.csv", "title,artist\nOne,Ann\n")
    folder_stack.run(playlist)
    write_file(folder / _MUSIC / "one.flac", "One", "Ann")
    crawl = bootstrap.crawl()
    whose = {"register": crawl.tracks, "note_met": crawl.awaited.wanted, "meet": Awaited, "crawl_again": Awaited}.get(
        dies_in, crawl.crawls
    )
    doing = getattr(whose, dies_in)
    died: list[str] = []

    def once(*given: object, **named: object) -> object:
        done = doing(*given, **named)
        if not died:
            died.append(dies_in)
            raise SystemExit
        return done

    message = CrawlPlaylist(new_crawl_id(), str(folder / _MUSIC))
    with monkeypatch.context() as patch:
        patch.setattr(whose, dies_in, once)
        with pytest.raises(SystemExit):
            crawl.run(message)
    crawl.run(message)
    folder_stack.settle()
    assert len(_of(folder_stack, playlist)) == 2
    assert _is_file(_found(folder_stack, _of(folder_stack, playlist)[0].crawl_id)[0])


def test_a_list_that_is_read_while_its_file_comes_finds_it(
    folder_stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's crawl asks who wants it before the list says so, and registers it after the list has looked."""
    playlist = _written(folder / "mine.csv", "title,artist\nOne,Ann\n")
    write_file(folder / _MUSIC / "one.flac", "One", "Ann")
    songs = bootstrap.crawl().registering.songs
    monkeypatch.setattr(songs, "note", _first(lambda: folder_stack.read(playlist), songs.note))
    folder_stack.run(str(folder / _MUSIC))
    assert _is_file(_found(folder_stack, _of(folder_stack, playlist)[0].crawl_id)[0])


def _first(also: Callable[[], object], then: Callable[..., object]) -> Callable[..., object]:
    """`then`, and before its first call something else."""
    begun: list[bool] = []

    def called(*args: object, **kwargs: object) -> object:
        if not begun:
            begun.append(True)
            also()
        return then(*args, **kwargs)

    return called
