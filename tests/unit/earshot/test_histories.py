"""Listening histories as services and programs write them. Each sample has the fields of a real one, other names."""

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from api.http.listenbrainz import submission
from earshot.errors import InvalidInput
from earshot.histories import History, LeftOut, Wanted
from earshot.histories.json_items import MAX_ITEM
from earshot.plays import ListenerId, Play

_AT = 1_700_000_000
_LISTEN: dict[str, Any] = {
    "inserted_at": _AT + 5,
    "listened_at": _AT,
    "recording_msid": "d7f3b3a5-9c4d-4c9b-9c1e-3a4c2d1f0b7e",
    "track_metadata": {
        "artist_name": "Aiko Mori",
        "track_name": "Glass",
        "release_name": "Panes",
        "additional_info": {
            "isrc": "USABC1234567",
            "spotify_id": "https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl",
            "duration_ms": 201_000,
            "duration_played": 180,
            "submission_client": "navidrome",
        },
        "mbid_mapping": {"recording_mbid": "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"},
    },
}
_STREAM = {
    "ts": "2023-11-14T22:16:33Z",
    "platform": "android",
    "ms_played": 193_400,
    "master_metadata_track_name": "Glass",
    "master_metadata_album_artist_name": "Aiko Mori",
    "master_metadata_album_album_name": "Panes",
    "spotify_track_uri": "spotify:track:11dFghVXANMlKmJXsNCbNl",
    "episode_name": None,
    "spotify_episode_uri": None,
    "reason_start": "trackdone",
    "reason_end": "trackdone",
    "skipped": False,
    "incognito_mode": False,
}


def _written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def _read(folder: Path, name: str, content: object) -> list[Play | LeftOut]:
    return list(History(_written(folder, name, content)).records())


def _only(folder: Path, name: str, content: object) -> Play:
    (play,) = _read(folder, name, content)
    assert isinstance(play, Play)
    return play


@pytest.mark.parametrize("content", [json.dumps(_LISTEN) + "\n", [_LISTEN], json.dumps([_LISTEN], indent=2)])
def test_a_listen_of_listenbrainz_is_a_play(tmp_path: Path, content: object) -> None:
    play = _only(tmp_path, "11.jsonl", content)
    assert (play.title, play.artists, play.album, play.listened_at) == ("Glass", ("Aiko Mori",), "Panes", _AT)
    assert (play.mbid, play.isrc) == ("8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "USABC1234567")
    assert (play.named_id, play.client) == ("11dFghVXANMlKmJXsNCbNl", "navidrome")
    assert (play.duration_ms, play.played_ms, play.is_skip) == (201_000, 180_000, False)


def test_a_listen_that_a_player_sent_and_an_export_has_is_one_play(tmp_path: Path) -> None:
    said = {**_LISTEN, "track_metadata": {**_LISTEN["track_metadata"], "additional_info": {"artist_names": ["A", "B"]}}}
    sent = {"listen_type": "import", "payload": [{name: said[name] for name in ("listened_at", "track_metadata")}]}
    (by_player,) = submission(json.dumps(sent), ListenerId("0" * 16), _AT + 60).plays
    assert _only(tmp_path, "11.jsonl", json.dumps(said) + "\n").key == by_player.key


def test_spotify_says_when_a_stream_ended(tmp_path: Path) -> None:
    play = _only(tmp_path, "Streaming_History_Audio_2023_5.json", [_STREAM])
    assert play.listened_at == _AT
    assert (play.title, play.artists, play.named_id) == ("Glass", ("Aiko Mori",), "11dFghVXANMlKmJXsNCbNl")
    assert (play.played_ms, play.skipped) == (193_400, False)


@pytest.mark.parametrize(
    ("said", "is_skip"),
    [
        ({"skipped": True, "reason_end": "fwdbtn"}, True),
        ({"skipped": None, "reason_end": "fwdbtn", "ms_played": 4_000}, True),
        ({"skipped": None, "reason_end": "fwdbtn"}, False),
        ({"skipped": 1, "reason_end": "trackdone"}, False),
        ({"skipped": False, "reason_end": "endplay", "ms_played": 4_000}, True),
    ],
)
def test_what_was_left_early_is_a_skip(tmp_path: Path, said: dict[str, object], is_skip: bool) -> None:
    assert _only(tmp_path, "a.json", [_STREAM | said]).is_skip is is_skip


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"episode_name": "Talk", "master_metadata_track_name": None}, LeftOut.PODCAST),
        ({"incognito_mode": True}, LeftOut.PRIVATE_SESSION),
        ({"ms_played": 0}, LeftOut.NOTHING_HEARD),
        ({"ts": "soon"}, LeftOut.NO_TIME),
        ({"ts": "1999-01-01T00:00:00Z"}, LeftOut.OUT_OF_TIME),
        ({"master_metadata_track_name": None, "spotify_track_uri": None}, LeftOut.NO_SONG),
    ],
)
def test_what_is_no_play_says_why(tmp_path: Path, said: dict[str, object], why: LeftOut) -> None:
    assert _read(tmp_path, "a.json", [_STREAM | said]) == [why]


def test_private_sessions_are_read_where_somebody_asks_for_them(tmp_path: Path) -> None:
    path = _written(tmp_path, "a.json", [_STREAM | {"incognito_mode": True}])
    assert [play.title for play in History(path, Wanted(private_sessions=True)).plays()] == ["Glass"]


def test_the_account_data_of_spotify_have_minutes_and_no_ids(tmp_path: Path) -> None:
    rows = [
        {"endTime": "2023-11-14 22:16", "artistName": "Aiko Mori", "trackName": "Glass", "msPlayed": 60_000},
        {"endTime": "2023-11-14 22:17", "podcastName": "Talk", "episodeName": "One", "msPlayed": 60_000},
    ]
    play, podcast = _read(tmp_path, "StreamingHistory0.json", rows)
    assert isinstance(play, Play)
    assert (play.listened_at, play.played_ms, play.named_id) == (1_700_000_100, 60_000, None)
    assert podcast is LeftOut.PODCAST


_SCROBBLE = {"track": "Glass", "artist": "Aiko Mori", "album": "Panes", "albumId": "", "date": _AT * 1000}
_OF_API = {
    "artist": {"mbid": "", "#text": "Aiko Mori"},
    "album": {"mbid": "", "#text": "Panes"},
    "image": [{"size": "small", "#text": ""}],
    "name": "Glass",
    "mbid": "",
    "date": {"uts": str(_AT), "#text": "14 Nov 2023, 22:13"},
}
_BY_TABLE = {
    "lastfmstats.csv": f"Artist;Album;AlbumId;Track;Date#me\n\"Aiko Mori\";\"Panes\";\"\";\"Glass\";\"{_AT}000\"\n",
    "lastfm-to-csv.csv": "Aiko Mori,Panes,Glass,14 Nov 2023 22:13\n",
    "ghan.csv": '"uts","utc_time","artist","artist_mbid","album","album_mbid","track","track_mbid"\n'
    f'"{_AT}","14 Nov 2023, 22:13","Aiko Mori","","Panes","","Glass","8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"\n',
    "universal.csv": '"Aiko Mori","Glass","Panes","2023-11-14 22:13:20","Aiko Mori","201"\n',
    "scraper.tsv": "ISO time\tunixtime\ttrack name\ttrack mbid\tartist name\tartist mbid\n"
    f"2023-11-14T22:13:20\t{_AT}\tGlass\t\tAiko Mori\t\n",
    ".scrobbler.log": "#AUDIOSCROBBLER/1.1\n#TZ/UTC\n#CLIENT/Rockbox\n"
    f"Aiko Mori\tPanes\tGlass\t1\t201\tL\t{_AT}\t8f3471b5-7e6a-48da-86a9-c1c07a0f47ae\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lastfmstats.json", {"username": "me", "scrobbles": [_SCROBBLE]}),
        ("api.json", [[_OF_API]]),
        *_BY_TABLE.items(),
    ],
)
def test_scrobbles_are_plays_whoever_fetched_them_from_lastfm(tmp_path: Path, name: str, content: object) -> None:
    play = _only(tmp_path, name, content)
    assert (play.title, play.artists) == ("Glass", ("Aiko Mori",))
    assert play.listened_at // 60 == _AT // 60
    assert play.album in ("Panes", "")


def test_a_log_of_a_player_says_what_was_skipped(tmp_path: Path) -> None:
    skipped = _BY_TABLE[".scrobbler.log"].replace("\tL\t", "\tS\t")
    assert _only(tmp_path, ".scrobbler.log", skipped).is_skip
    assert not _only(tmp_path, ".scrobbler.log", _BY_TABLE[".scrobbler.log"]).is_skip


def test_a_table_of_ones_own_needs_a_time_and_names_or_an_id(tmp_path: Path) -> None:
    play = _only(tmp_path, "mine.csv", "id,played at,ms_played,skipped\ndeezer:3135556,2023-11-14T22:13:20Z,4000,no\n")
    assert (play.named_id, play.listened_at, play.played_ms, play.skipped) == ("deezer:3135556", _AT, 4000, False)


def test_a_bad_row_costs_one_row(tmp_path: Path) -> None:
    rows = [f"Aiko Mori,Song {number},{_AT + number}" for number in range(20)]
    rows[7], rows[9] = 'Aiko Mori,"Song without end,1700000007', "nothing"  # an open quote takes nothing with it
    read = _read(tmp_path, "a.csv", "\n".join(["artist,title,timestamp", *rows]))
    assert [isinstance(record, Play) for record in read] == [n != 9 for n in range(20)]
    assert read[9] is LeftOut.DAMAGED


def test_cells_may_hold_line_breaks(tmp_path: Path) -> None:
    read = _read(tmp_path, "a.csv", f'artist,title,timestamp\nA,"Glass\nHouse",{_AT}\nB,Next,{_AT}\n')
    assert [play.title for play in read if isinstance(play, Play)] == ["Glass House", "Next"]


def test_a_damaged_object_costs_itself(tmp_path: Path) -> None:
    text = json.dumps([_STREAM | {"ts": f"2023-11-14T22:16:{n:02}Z"} for n in range(5)])
    damaged = text.replace('"2023-11-14T22:16:02Z"', '"2023-11-14T22:16:02Z', 1)
    assert Counter(map(type, _read(tmp_path, "a.json", damaged))) == {Play: 4, LeftOut: 1}


def test_what_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    text = json.dumps([_STREAM] * 3)
    assert Counter(map(type, _read(tmp_path, "a.json", text[:-40]))) == {Play: 2, LeftOut: 1}
    lines = "\n".join([json.dumps(_LISTEN)] * 3)
    assert Counter(map(type, _read(tmp_path, "a.jsonl", lines[:-40]))) == {Play: 2, LeftOut: 1}


def test_large_files_are_read_in_pieces(tmp_path: Path) -> None:
    rows = [_SCROBBLE | {"date": _AT * 1000 + n, "note": "x" * 500} for n in range(2_000)]
    text = json.dumps({"username": "me", "scrobbles": rows})
    assert len(text) > MAX_ITEM
    assert Counter(map(type, _read(tmp_path, "a.json", text))) == {Play: 2_000}


def test_an_export_is_read_as_the_zip_that_it_comes_in(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("user.json", json.dumps({"user_id": 1, "username": "me"}))
        archive.writestr("feedback.jsonl", json.dumps({"recording_mbid": "x", "score": 1, "created": _AT}) + "\n")
        for month in (11, 12):
            archive.writestr(f"listens/2023/{month}.jsonl", json.dumps(_LISTEN | {"listened_at": _AT + month}) + "\n")
        archive.writestr("ReadMeFirst.pdf", "…")
    assert [play.listened_at - _AT for play in History(tmp_path / "export.zip").plays()] == [11, 12]


def test_a_folder_is_read_with_all_that_is_below(tmp_path: Path) -> None:
    (tmp_path / "Spotify Extended Streaming History").mkdir()
    _written(tmp_path / "Spotify Extended Streaming History", "Streaming_History_Audio_2023_5.json", [_STREAM])
    _written(tmp_path, "notes.txt", "what I wanted to say")
    assert len(list(History(tmp_path).records())) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", "artist,title\nA,B\n"), ("a.json", {"user": 1}), ("a.json", "[]"), ("a.txt", ""), ("a.json", "[1, 2]")],
)
def test_what_is_no_history_is_refused(tmp_path: Path, name: str, content: object) -> None:
    with pytest.raises(InvalidInput, match="no listening history") as refused:
        _read(tmp_path, name, content)
    assert "ListenBrainz" in refused.value.hint or "listened_at" in refused.value.hint


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        list(History(tmp_path / "nowhere").records())
