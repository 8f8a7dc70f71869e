"""What people keep is heard or named with a reason, and removed only where it is proven that it has gone."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from earshot.crawls import Doubt
from earshot.ids import CrawlId
from earshot.messages import ForgetPlaylist
from earshot.reasons import Reason
from earshot.stores.message_queue import MessageQueue
from earshot.track import Status
from tests.stubs.audio import sweep, write_sweep
from tests.stubs.deezer import DeezerStub
from tests.stubs.deezer import track as deezer_track
from tests.stubs.stack import Stack, running_stack
from tests.stubs.web import Answer, Request

_PITCHES = itertools.count(200)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stack]:
    with running_stack(monkeypatch, folder_roots=str(tmp_path), pages_per_message="3") as stack:
        yield stack


def _songs(*paths: Path) -> None:
    """A song of its own at each of the paths."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sweep(0.2, "wav", rate=8000, pitch=next(_PITCHES)))


def _settle(stack: Stack) -> None:
    """As if every track had been looked at: what is on its way is never removed."""
    for track in stack.tracks.scan():
        if track.status is Status.PENDING:
            stack.tracks.mark_no_preview(track.track_id, reason=Reason.UNPLAYABLE)


def _crawl(stack: Stack, playlist: Path | str, *, remove: bool = False, agreed: int = 0) -> CrawlId:
    crawl_id = stack.read(str(playlist), remove_missing=remove, agreed=agreed)
    _settle(stack)
    return crawl_id


def _titles(stack: Stack) -> set[str]:
    return {track.info.title for track in stack.tracks.scan()}


def _names(stack: Stack, crawl_id: CrawlId) -> dict[str, str | None]:
    return {entry.name: entry.reason for entry in stack.crawls.entries(crawl_id)}


def test_every_file_of_a_folder_is_heard_or_named_with_its_format(stack: Stack, folder: Path) -> None:
    _songs(folder / "A" / "song.wav")
    for name in ("tune.mid", "bought.m4p", "old.ra", "film.FLV", "cover.jpg", "notes.txt", ".hidden.mid", "list.nfo"):
        (folder / name).write_bytes(b"whatever")
    entries = list(stack.crawls.entries(_crawl(stack, folder)))
    assert [(entry.name, entry.reason, entry.detail) for entry in entries] == [
        ("A/song.wav", None, ""),
        ("bought.m4p", "unsupported_format", "m4p"),
        ("film.FLV", "unsupported_format", "flv"),
        ("old.ra", "unsupported_format", "ra"),
        ("tune.mid", "unsupported_format", "mid"),
    ]


def test_albums_that_are_links_are_heard_and_circles_end(stack: Stack, folder: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk2"
    _songs(disk / "Album B" / "Beta.wav", disk / "Single.wav", folder / "Album A" / "Alpha.wav")
    (folder / "Album B").symlink_to("../disk2/Album B")
    (folder / "Single.wav").symlink_to("../disk2/Single.wav")
    (folder / "genre rock").symlink_to("Album A")
    (folder / "loop").symlink_to(".")
    (disk / "Album B" / "back").symlink_to(folder)
    (disk / "Album B" / "round").symlink_to(disk)
    names = _names(stack, _crawl(stack, folder))
    assert names == {"Album A/Alpha.wav": None, "Album B/Beta.wav": None, "Single.wav": None}


def test_deleted_songs_in_bins_and_ignored_folders_are_passed_over_and_named(stack: Stack, folder: Path) -> None:
    places = (
        *("#recycle/Album", "$RECYCLE.BIN/S-1", "@eaDir/x.mp3", "__MACOSX", "lost+found", "System Volume Information"),
        *("Ignored", "Ringtones", ".Trash-1000/files", "Plex", "Mine/drafts"),
    )
    _songs(folder / "Album" / "Keep.wav", *(folder / place / "Deleted.wav" for place in places))
    (folder / "@eaDir" / "thumbs").mkdir()
    (folder / "Ignored/.ndignore").touch()
    (folder / "Ringtones/.nomedia").touch()
    (folder / "Plex/.plexignore").write_text("*\n")
    (folder / "Mine/.earshotignore").write_text("# not yet\ndrafts/\n*.mid\n")
    (folder / "Mine/idea.mid").touch()
    _songs(folder / "Mine" / "Done.wav")
    names = _names(stack, _crawl(stack, folder))
    assert {name for name, reason in names.items() if reason is None} == {"Album/Keep.wav", "Mine/Done.wav"}
    tops = {place.partition("/")[0] for place in places if not place.startswith("Mine")}
    assert {name for name, reason in names.items() if reason == "ignored"} == {*tops, "Mine/drafts", "Mine/idea.mid"}


def test_names_that_are_not_utf_8_are_read_over_several_pages(stack: Stack, folder: Path) -> None:
    inner = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9 \xbf"))
    inner.mkdir()
    for number in range(60):
        path = Path(os.fsdecode(os.fsencode(inner) + b"/%03d na\xefve.wav" % number))
        path.write_bytes(sweep(0.1, "wav", rate=8000, pitch=200 + number))
    crawl_id = _crawl(stack, folder)
    assert stack.crawls.summary(crawl_id).finished
    assert len(list(stack.tracks.scan())) == 60
    assert len(_names(stack, _crawl(stack, inner.as_uri()))) == 60


def test_one_file_is_a_playlist(stack: Stack, folder: Path) -> None:
    path = write_sweep(folder / "one.mp3", 1)
    assert _names(stack, _crawl(stack, path)) == {"one.mp3": None}
    (folder / "tune.mid").touch()
    assert _names(stack, _crawl(stack, folder / "tune.mid")) == {"tune.mid": "unsupported_format"}


def _close(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    scandir = os.scandir

    def scan(path: Path) -> object:
        if path == folder:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)


def test_what_is_below_a_closed_folder_stays_and_the_rest_is_asked_about(
    stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _songs(*(folder / place for place in ("Abba/One.wav", "Abba/Two.wav", "Beatles/Three.wav", "Beatles/Four.wav")))
    _crawl(stack, folder)
    (folder / "Abba/One.wav").unlink()
    _close(monkeypatch, folder / "Beatles")
    withheld = stack.crawls.summary(_crawl(stack, folder, remove=True)).withheld
    assert withheld is not None
    assert (withheld.tracks, withheld.doubt, withheld.names) == (1, Doubt.UNREAD, ("Abba/One.wav",))
    assert _titles(stack) == {"One", "Two", "Three", "Four"}
    _crawl(stack, folder, remove=True, agreed=1)
    assert _titles(stack) == {"Two", "Three", "Four"}


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder / "nas")
    (folder / "nas").mkdir()


def _vanished(folder: Path) -> None:
    shutil.rmtree(folder / "nas")


@pytest.mark.parametrize(("away", "doubt"), [(_emptied, Doubt.EMPTIED), (_vanished, Doubt.FOLDER_GONE)])
def test_a_disk_that_is_away_removes_nothing_unasked(
    stack: Stack, folder: Path, away: Callable[[Path], None], doubt: Doubt
) -> None:
    here = [folder / "here" / f"Here {n}.wav" for n in range(3)]
    _songs(*here, *(folder / "nas" / f"Far {n}.wav" for n in range(3)), folder / "flaky" / "Flaky.wav")
    _crawl(stack, folder)
    away(folder)
    (folder / "flaky" / "Flaky.wav").unlink()
    (folder / "flaky" / "Flaky.wav").symlink_to(folder / "nas" / "Flaky.wav")
    withheld = stack.crawls.summary(_crawl(stack, folder, remove=True)).withheld
    assert withheld is not None
    assert (withheld.tracks, withheld.may_be_agreed) == (3, True)
    assert len(_titles(stack)) == 7
    _crawl(stack, folder, remove=True, agreed=2)
    assert len(_titles(stack)) == 7, "more would go than was agreed to"
    (folder / "flaky" / "Flaky.wav").unlink()
    _songs(folder / "flaky" / "Other.wav")
    withheld = stack.crawls.summary(_crawl(stack, folder, remove=True)).withheld
    assert withheld is not None
    assert (withheld.tracks, withheld.doubt) == (4, doubt)
    assert stack.crawls.summary(_crawl(stack, folder, remove=True, agreed=4)).removed == 4


def test_a_mass_is_asked_about_and_a_few_are_not(stack: Stack, folder: Path) -> None:
    paths = [folder / f"{n:02d} song.wav" for n in range(60)]
    _songs(*paths)
    _crawl(stack, folder)
    for path in paths[:20]:
        path.unlink()
    assert stack.crawls.summary(_crawl(stack, folder, remove=True)).removed == 20
    for path in paths[20:41]:
        path.unlink()
    withheld = stack.crawls.summary(_crawl(stack, folder, remove=True)).withheld
    assert withheld is not None
    assert (withheld.tracks, withheld.doubt, len(withheld.names)) == (21, Doubt.MANY, 20)


@pytest.mark.parametrize("called", ["{}", "{}/", "{}//", "{}/.", "link"])
def test_a_folder_within_another_and_other_names_of_it_keep_nothing_alive(
    stack: Stack, folder: Path, tmp_path: Path, called: str
) -> None:
    music = folder / "Music"
    _songs(*(music / "Jazz" / f"{n}.wav" for n in "abc"), *(music / "Rock" / f"{n}.wav" for n in "de"))
    (tmp_path / "link").symlink_to(music)
    _crawl(stack, music / "Jazz")
    _crawl(stack, music)
    (music / "Jazz" / "b.wav").unlink()
    name = str(tmp_path / "link") if called == "link" else called.format(music)
    assert stack.crawls.summary(_crawl(stack, name, remove=True)).removed == 1
    assert _titles(stack) == {"a", "c", "d", "e"}
    (music / "Rock" / "e.wav").unlink()
    assert stack.crawls.summary(_crawl(stack, music / "Jazz", remove=True)).removed == 0
    assert stack.crawls.summary(_crawl(stack, music / "Rock", remove=True)).removed == 1, "a part of what Music held"


def test_a_folder_that_was_not_whole_is_no_proof_for_others(
    stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _songs(folder / "Music" / "A" / "x.wav", folder / "Music" / "B" / "y.wav", folder / "Best" / "z.wav")
    shutil.copy(folder / "Music/A/x.wav", folder / "Best/x.wav")
    _crawl(stack, folder / "Music")
    _crawl(stack, folder / "Best")
    with monkeypatch.context() as patch:
        _close(patch, folder / "Music" / "A")
        _crawl(stack, folder / "Music")
    (folder / "Best/x.wav").unlink()
    assert stack.crawls.summary(_crawl(stack, folder / "Best", remove=True)).removed == 0
    assert _titles(stack) == {"x", "y", "z"}


def test_a_playlist_is_forgotten_and_what_only_it_held_goes_when_asked(stack: Stack, folder: Path) -> None:
    _songs(folder / "Old" / "a.wav", folder / "Old" / "b.wav")
    crawl_id = _crawl(stack, folder / "Old")
    (folder / "Old").rename(folder / "New")
    (folder / "New" / "b.wav").unlink()
    _crawl(stack, folder / "New")
    queue = MessageQueue(boto3.client("sqs"), stack.crawl_queue_url)
    queue.send(ForgetPlaylist(crawl_id, remove_tracks=False))
    stack.settle()
    summary = stack.crawls.summary(crawl_id)
    assert (bool(summary.forgotten), summary.only_held, summary.removed) == (True, 1, 0)
    assert _titles(stack) == {"a", "b"}
    for _ in range(2):
        queue.send(ForgetPlaylist(crawl_id, remove_tracks=True))
        stack.settle()
    assert stack.crawls.summary(crawl_id).removed == 1
    assert _titles(stack) == {"a"}


def test_entries_that_say_what_another_one_has_said_name_it(stack: Stack, folder: Path) -> None:
    _songs(folder / "a.wav")
    shutil.copy(folder / "a.wav", folder / "b.wav")
    crawl_id = _crawl(stack, folder)
    for _ in range(2):
        progress = stack.crawls.count(crawl_id, stack.tracks)
    assert progress.reasons[Reason.DUPLICATE_ENTRY] == 1
    first, second = stack.crawls.entries(crawl_id)
    assert (first.reason, second.reason, second.detail) == (None, "duplicate_entry", "a.wav")


class _Places:
    """A Deezer playlist that shows some of its places."""

    def __init__(self, total: int, hidden: set[int]) -> None:
        self.shown: list[int | None] = [None if n in hidden else n for n in range(total)]
        self.asked: list[int] = []
        self.checksum: str | None = None

    def __call__(self, request: Request) -> Answer | None:
        if request.path == "/playlist/9" and self.checksum:
            return Answer.json({"id": 9, "checksum": self.checksum})
        if request.path != "/playlist/9/tracks":
            return None
        index, limit = int(request.query["index"]), int(request.query["limit"])
        self.asked.append(index)
        rows = [deezer_track(n + 1) for n in self.shown[index : index + limit] if n is not None]
        more = {"next": "x"} if index + limit < len(self.shown) else {}
        return Answer.json({"data": rows, "total": len(self.shown), **more})


def _numbers(stack: Stack) -> int:
    return len(list(stack.tracks.scan()))


def test_what_deezer_counts_and_does_not_show_is_passed_by_place(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.fail = places = _Places(120, {3, 4, 5, 60, 61, 110})
    crawl_id = _crawl(web_stack, "deezer:playlist:9")
    assert places.asked == [0, 50, 100]
    counted = web_stack.crawls.count(crawl_id, web_stack.tracks)
    assert (_numbers(web_stack), counted.total, counted.reasons[Reason.HIDDEN_ENTRY]) == (114, 120, 6)
    assert Reason.DUPLICATE_ENTRY not in counted.reasons
    assert Reason.LIST_CHANGED not in counted.reasons


def test_a_page_that_is_hidden_today_ends_nothing_and_removes_nothing(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.fail = _Places(110, set())
    _crawl(web_stack, "deezer:playlist:9")
    deezer.fail = _Places(110, set(range(50, 100)))
    withheld = web_stack.crawls.summary(_crawl(web_stack, "deezer:playlist:9", remove=True, agreed=1000)).withheld
    assert _numbers(web_stack) == 110
    assert withheld is not None
    assert (withheld.tracks, withheld.may_be_agreed) == (50, False)


@pytest.mark.parametrize("says", ["total", "checksum"])
def test_a_list_that_changes_while_it_is_read_removes_nothing(web_stack: Stack, deezer: DeezerStub, says: str) -> None:
    places = _Places(120, set())
    deezer.fail = places
    _crawl(web_stack, "deezer:playlist:9")

    def shift(request: Request) -> Answer | None:
        answer = places(request)
        if request.path.endswith("/tracks"):
            del places.shown[0]
            if says == "checksum":
                places.shown.append(500 + len(places.asked))
        return answer

    places.checksum = "a" if says == "checksum" else None
    deezer.fail = lambda request: (
        places(request)
        if len(places.asked) > 3
        else (shift(request) if request.path.endswith("/tracks") else places(request))
    )
    places.asked.clear()
    if says == "checksum":
        begun = iter("abcdef")
        original = deezer.fail

        def changing(request: Request) -> Answer | None:
            places.checksum = next(begun) if request.path == "/playlist/9" else places.checksum
            return original(request)

        deezer.fail = changing
    crawl_id = _crawl(web_stack, "deezer:playlist:9", remove=True)
    assert "list_changed" in {entry.reason for entry in web_stack.crawls.entries(crawl_id)}
    assert _numbers(web_stack) >= 120
