"""An export of 200 songs becomes a playlist of the 150 that one holds, which a real player opens and can play."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import pytest

from earshot.lists import ListedTrack, write_list
from earshot.reasons import Reason
from tests.players.conftest import run_in_players_environment
from tests.stubs.exports import write_rows_of_which_some_are_held
from tests.stubs.stack import running_stack


def _is_playable(path: Path) -> bool:
    with av.open(str(path)) as container:
        return next(container.decode(audio=0)).samples > 0


def test_what_is_held_of_an_export_is_a_list_that_mopidy_opens_and_can_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music, exported, lists = tmp_path / "Music & more", tmp_path / "mine.csv", tmp_path / "lists"
    songs = write_rows_of_which_some_are_held(music, exported, held=150, unheard=46)
    with running_stack(monkeypatch, folder_roots=str(tmp_path)) as stack:
        stack.run(str(music))
        entries = [*stack.crawls.entries(stack.run(str(exported)))]
        found = [stack.tracks.get(entry.track_id) if entry.track_id else None for entry in entries]
    held = [track.info for track in found if track and track.info.source == "file"]
    reasons = [entry.reason or (track.reason if track else None) for entry, track in zip(entries, found, strict=True)]
    assert (len(held), reasons[150:]) == (150, [Reason.NOT_IN_LIBRARY] * 50)

    lists.mkdir()
    listed = [ListedTrack(info.title, info.artists, info.album, location=info.preview_url or "") for info in held]
    (lists / "Mine.m3u8").write_text(write_list(listed, "m3u8", "Mine"), encoding="utf-8")
    opened = json.loads(run_in_players_environment("mopidy_list.py", str(lists), "Mine"))
    paths = [Path(unquote(urlsplit(uri).path)) for uri, _ in opened]
    assert paths == [music / song.artist / song.album / f"{song.title}.flac" for song in songs]
    assert all(_is_playable(path) for path in paths)
    assert [name for _, name in opened] == [f"{info.artists[0]} - {info.title}" for info in held]
