"""A second crawl of own files: what people did to them meanwhile, and what Earshot itself became."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest

from crawler import bootstrap
from crawler.file import description, source
from earshot.clock import now_iso
from earshot.crawls import CrawlEntry
from earshot.ids import TrackId
from earshot.messages import ForgetPlaylist
from earshot.reasons import Reason
from earshot.stores.dynamodb import Row, Table
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.track import Status, Track, TrackInfo
from tests.stubs.audio import sweep, write_sweep
from tests.stubs.stack import Stack, running_stack

_MODEL = "musicnn-msd@1"
_VECTOR = bytes(range(156)) * 8


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> Iterator[Stack]:
    memory = str(tmp_path / "state" / "files.sqlite3")
    with running_stack(monkeypatch, folder_roots=str(folder), file_memory=memory) as running:
        yield running


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read."""
    names: list[str] = []
    honest = description.read

    def read(path: Path) -> object:
        names.append(path.name)
        return honest(path)

    monkeypatch.setattr(source, "read", read)
    return names


def _hear(stack: Stack) -> int:
    """As the extractor does; how many previews there were."""
    ids = list(stack.previews.track_ids())
    for track_id in ids:
        preview = stack.previews.get(track_id)
        assert preview is not None
        assert stack.tracks.store_embedding(
            preview.info, embedding=_VECTOR, drift=_VECTOR, tags=(), model=_MODEL, preview_at=preview.fetched_at
        )
        stack.previews.delete(track_id)
    return len(ids)


def _tracks(stack: Stack) -> dict[str, Track]:
    return {track.info.title: track for track in stack.tracks.scan()}


def test_retagged_files_keep_their_ids_and_embeddings_and_show_what_they_say_now(stack: Stack, folder: Path) -> None:
    for number, kind in enumerate(("mp3", "flac", "ogg", "opus", "m4a")):
        path = write_sweep(folder / "Ash Vale" / "Lanterns" / f"{number + 1:02d} - Riverlgiht {number}.{kind}", 2)
        assert path.exists()
    stack.run(str(folder))
    assert _hear(stack) == 5
    before = {track.track_id for track in stack.tracks.scan()}
    for path in folder.rglob("*.*"):
        file = mutagen.File(path, easy=True)
        file["title"], file["genre"], file["date"] = ["Riverlight " + path.suffix], ["Folk; Rock"], ["2001-05-03"]
        file.save()
    stack.run(str(folder))
    assert _hear(stack) == 0
    tracks = _tracks(stack)
    assert {track.track_id for track in tracks.values()} == before
    assert set(tracks) == {
        "Riverlight .mp3",
        "Riverlight .flac",
        "Riverlight .ogg",
        "Riverlight .opus",
        "Riverlight .m4a",
    }
    for track in tracks.values():
        assert (track.status, track.embedding) == (Status.READY, _VECTOR)
        assert (track.info.genres, track.info.year, track.info.album) == (("Folk", "Rock"), 2001, "Lanterns")


def test_moved_files_are_the_same_tracks_in_their_new_place(stack: Stack, folder: Path) -> None:
    for number in range(3):
        (folder / "incoming").mkdir(exist_ok=True)
        (folder / "incoming" / f"Tune {number}.mp3").write_bytes(sweep(2, pitch=200 + number))
    stack.run(str(folder), remove_missing=True)
    assert _hear(stack) == 3
    before = {track.track_id for track in stack.tracks.scan()}
    shutil.move(folder / "incoming", folder / "Band")
    stack.run(str(folder), remove_missing=True)
    assert _hear(stack) == 0
    after = list(stack.tracks.scan())
    assert {track.track_id for track in after} == before
    assert all("/Band/" in (track.info.preview_url or "") and track.status is Status.READY for track in after)


def test_files_that_have_not_changed_are_not_opened_again(stack: Stack, folder: Path, reads: list[str]) -> None:
    for number in range(4):
        (folder / f"{number}.mp3").write_bytes(sweep(1, pitch=200 + number))
    stack.run(str(folder))
    _hear(stack)
    assert sorted(reads) == ["0.mp3", "1.mp3", "2.mp3", "3.mp3"]
    reads.clear()
    stack.run(str(folder))
    assert reads == []
    state = (folder / "1.mp3").stat()
    (folder / "1.mp3").write_bytes(sweep(1, pitch=300)[: state.st_size].ljust(state.st_size, b"\0"))
    os.utime(folder / "1.mp3", ns=(state.st_atime_ns, state.st_mtime_ns))
    stack.run(str(folder))
    assert reads == ["1.mp3"]


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""])
def test_a_memory_that_is_damaged_is_begun_anew(
    stack: Stack, folder: Path, tmp_path: Path, reads: list[str], damage: bytes
) -> None:
    write_sweep(folder / "a.mp3", 1)
    stack.run(str(folder))
    for path in (tmp_path / "state").iterdir():
        path.unlink()
    (tmp_path / "state" / "files.sqlite3").write_bytes(damage)
    stack.run(str(folder))
    stack.run(str(folder))
    assert reads == ["a.mp3", "a.mp3"]


def _give_up(stack: Stack, reason: Reason) -> TrackId:
    (track_id,) = stack.previews.track_ids()
    preview = stack.previews.get(track_id)
    assert preview is not None
    stack.tracks.mark_failed(preview.info, reason=reason, preview_at=preview.fetched_at)
    stack.previews.delete(track_id)
    return track_id


def _waits(stack: Stack) -> int:
    return len(list(stack.previews.track_ids()))


def test_what_failed_for_good_is_tried_again_when_the_file_or_the_decoder_changes(
    stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sweep(folder / "silence.mp3", 2)
    stack.run(str(folder))
    track_id = _give_up(stack, Reason.SILENT)
    stack.run(str(folder))
    assert _waits(stack) == 0
    kept = stack.tracks.get(track_id)
    assert kept is not None
    assert (kept.status, kept.reason) == (Status.FAILED, Reason.SILENT)
    monkeypatch.setattr(source, "hearing_version", lambda: "2 av-99")
    from crawler import bootstrap

    bootstrap.crawl.cache_clear()
    stack.run(str(folder))
    assert _give_up(stack, Reason.SILENT) == track_id
    stack.run(str(folder))
    assert _waits(stack) == 0
    path.write_bytes(sweep(2, pitch=300))
    stack.run(str(folder))
    assert _waits(stack) == 1


class _Killed(BaseException):
    """The process that crawled is gone."""


def test_a_crawl_that_dies_when_it_has_looked_at_its_files_loses_no_second_try(
    stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then it is remembered that another decoder hears them; whether they were tried is another matter."""
    write_sweep(folder / "silence.mp3", 2)
    stack.run(str(folder))
    _give_up(stack, Reason.SILENT)
    from crawler import bootstrap
    from crawler.crawl import Crawl

    def die(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as dying:
        dying.setattr(source, "hearing_version", lambda: "2 av-99")
        bootstrap.crawl.cache_clear()
        dying.setattr(Crawl, "_reopened", die)
        with pytest.raises(_Killed):
            stack.run(str(folder))
    monkeypatch.setattr(source, "hearing_version", lambda: "2 av-99")
    bootstrap.crawl.cache_clear()
    stack.run(str(folder))
    assert _waits(stack) == 1


def test_a_playlist_that_is_forgotten_counts_a_track_with_two_ids_once(stack: Stack, folder: Path) -> None:
    path = write_sweep(folder / "Ann Lee - Harbour.flac", 2)
    old = _as_before(stack, path, ready=True)
    crawl_id = stack.run(str(folder))
    stack.crawls.record_entries(crawl_id, [CrawlEntry(7, old, None, "as an older version knew it")])
    bootstrap.forgetting().run(ForgetPlaylist(crawl_id, remove_tracks=False))
    assert stack.crawls.summary(crawl_id).only_held == 1


def test_what_failed_for_now_is_tried_again(stack: Stack, folder: Path) -> None:
    write_sweep(folder / "slow.mp3", 2)
    stack.run(str(folder))
    _give_up(stack, Reason.DECODER_CRASHED)
    stack.run(str(folder))
    assert _waits(stack) == 1


def test_copies_of_a_file_describe_their_track_once_and_for_all(stack: Stack, folder: Path) -> None:
    audio = sweep(2)
    for place in ("Downloads/song.mp3", "Ann Lee/Blue/01 - Harbour.mp3"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_bytes(audio)
    for _ in range(3):
        stack.run(str(folder))
        (track,) = stack.tracks.scan()
        assert (track.info.title, track.info.artists) == ("Harbour", ("Ann Lee",))
    (folder / "Ann Lee/Blue/01 - Harbour.mp3").unlink()
    stack.run(str(folder))
    (track,) = stack.tracks.scan()
    assert track.info.title == "song"


def _as_before(stack: Stack, path: Path, **state: object) -> TrackId:
    """The track as a version had it whose ids were hashes of whole files."""
    import hashlib

    old = TrackId(f"file:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")
    info = TrackInfo(old, "file", title="As it was", preview_url=path.as_uri())
    stack.tracks.register(info)
    if state.get("ready"):
        stack.tracks.store_embedding(
            info, embedding=_VECTOR, drift=_VECTOR, tags=(), model=_MODEL, preview_at=now_iso()
        )
    return old


def test_after_an_upgrade_tracks_get_their_new_ids_and_are_found_by_the_old_ones(stack: Stack, folder: Path) -> None:
    path = write_sweep(folder / "Ann Lee - Harbour.flac", 2)
    other = write_sweep(folder / "Ann Lee - Waits.flac", 3)
    old, waiting = _as_before(stack, path, ready=True), _as_before(stack, other)
    crawl_id = stack.run(str(folder), remove_missing=True)
    assert set(stack.previews.track_ids()) == {_tracks(stack)["Waits"].track_id}
    track = _tracks(stack)["Harbour"]
    assert track.track_id not in (old, waiting)
    assert (track.status, track.embedding, len(_tracks(stack))) == (Status.READY, _VECTOR, 2)
    assert stack.tracks.get(old) == stack.tracks.get(track.track_id) == track
    assert stack.tracks.find_many([old, track.track_id]) == {old: track, track.track_id: track}
    assert stack.tracks.get_many([old]) == {}
    assert stack.tracks.states([old]) == {old: (Status.READY, None)}
    assert stack.crawls.count(crawl_id, stack.tracks).states == {Status.READY: 1, Status.PENDING: 1}
    stack.run(str(folder), remove_missing=True)
    assert stack.tracks.get(old) == track


def test_lists_that_were_written_before_the_upgrade_lead_to_the_same_tracks(
    stack: Stack, folder: Path, tmp_path: Path
) -> None:
    old = _as_before(stack, write_sweep(folder / "Ann Lee - Harbour.flac", 2), ready=True)
    stack.run(str(folder))
    exported = folder / "exported.csv"
    exported.write_text(f"id,title,artist\n{old},Another spelling,Somebody\n")
    (entry,) = stack.crawls.entries(stack.run(str(exported)))
    assert (entry.track_id, entry.reason) == (_tracks(stack)["Harbour"].track_id, None)


def test_what_comes_late_for_an_old_id_does_not_bring_it_back(stack: Stack, folder: Path) -> None:
    path = write_sweep(folder / "Ann Lee - Harbour.flac", 2)
    old = _as_before(stack, path)
    stack.run(str(folder))
    late = TrackInfo(old, "file", title="late")
    assert not stack.tracks.store_embedding(
        late, embedding=_VECTOR, drift=_VECTOR, tags=(), model=_MODEL, preview_at=now_iso()
    )
    assert not stack.tracks.mark_failed(late, reason=Reason.SILENT, preview_at=now_iso())
    assert [track.info.title for track in stack.tracks.scan()] == ["Harbour"]


def test_a_rename_that_died_half_way_is_finished_by_the_next_crawl(
    stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sweep(folder / "Ann Lee - Harbour.flac", 2)
    old = _as_before(stack, path, ready=True)
    honest = Table.update

    def dying(table: Table, key: Row, **given: Any) -> Row | None:
        if "moved_to" in given["set_"]:
            raise _Killed
        return honest(table, key, **given)

    with monkeypatch.context() as patch:
        patch.setattr(Table, "update", dying)
        with pytest.raises(_Killed):
            stack.run(str(folder))
    assert len(list(stack.tracks.scan())) == 2
    stack.run(str(folder))
    (track,) = stack.tracks.scan()
    assert (track.track_id != old, track.embedding, track.info.title) == (True, _VECTOR, "Harbour")
    assert isinstance(stack.previews, PreviewsBucket)
    assert _waits(stack) == 0


def test_files_that_are_retagged_and_moved_are_fetched_no_more_and_stay_one_track_each(
    stack: Stack, folder: Path
) -> None:
    kinds = ("mp3", "flac", "ogg", "opus", "m4a")
    for number in range(10):
        name = f"{number:02d} - Old {number}.{kinds[number % len(kinds)]}"
        write_sweep(folder / "Ash Vale" / f"Lanterns {number // 5}" / name, 2, pitch=200.0 + 10 * number)
    stack.run(str(folder))
    assert _hear(stack) == 10
    before = {track.track_id: track for track in stack.tracks.scan()}
    assert len(before) == 10
    for number, path in enumerate(sorted(folder.rglob("*.*"))):
        file = mutagen.File(path, easy=True)
        file["title"], file["artist"], file["album"] = [f"New {number}"], ["Ash Vale & Co"], ["Lanterns, remastered"]
        file.save()
        target = folder / f"Sorted {number % 3}" / f"{number}{path.suffix}"
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    again = stack.run(str(folder))
    assert _hear(stack) == 0
    after = stack.tracks.get_many(before)
    assert {track.track_id for track in stack.tracks.scan()} == before.keys() == after.keys()
    assert {track.info.title for track in after.values()} == {f"New {number}" for number in range(10)}
    assert all(track.status is Status.READY and track.embedding == _VECTOR for track in after.values())
    assert all("/Sorted" in (track.info.preview_url or "") for track in after.values())
    assert {entry.track_id for entry in stack.crawls.entries(again) if entry.track_id} == before.keys()
