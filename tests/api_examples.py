"""Examples for the OpenAPI document: answers of the real api, which ``python -m tests.api_examples`` gets and writes.

The catalogue is six pieces out of `make demo`'s freely licensed music. Lists are cut to two entries.
"""

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import numpy as np

from api.bootstrap import services
from api.http.keys import digest_of
from earshot.crawls import CrawlEntry
from earshot.descriptors import Descriptors
from earshot.embedding import Embedding
from earshot.ids import CrawlId, QueryId, TrackId
from earshot.keys import KEYS
from earshot.messages import CrawlPlaylist
from earshot.plays import Play, listener_of
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.playlists import Playlists, playlist_id_of
from earshot.stores.sound_queries import Heard
from earshot.track import Tag
from tests.unit.api.world import DIM, World, direction, running_world, track

EXAMPLES = Path(__file__).parents[1] / "api" / "http" / "examples.json"
_SHOWN = 2
_WORD = "a key"
_FOLDER, _CRAWL, _QUERY = "/music/Game music", CrawlId("20261127T180000Z-5f3a9c21"), QueryId("0123456789abcdef" * 2)
_PLAYLIST = playlist_id_of("file:///music/Game%20music")
_PIECES = (
    ("8f434346648f6b96", "Stg1", "Kenta Cho (ABA Games)", "Noiz2sa", 128.0),
    ("2c26b46b68ffc68f", "Stg3", "Kenta Cho (ABA Games)", "Noiz2sa", 132.5),
    ("fcde2b2edba56bf4", "Battle", "Kenta Cho (ABA Games)", "Tumiki Fighters", 120.0),
    ("baa5a0964d3320fb", "Rag all over the place", "remaxim", "Hex-a-Hop", 98.0),
    ("19581e27de7ced00", "Waste's Edge", "ZhayTee", "Adonthell", 84.5),
    ("4ec9599fc203d176", "Title", "Alex Almarza", "Amoebax", 140.0),
)
_IDS = [TrackId(f"file:{digits}") for digits, *_ in _PIECES]

PARAMETERS: dict[str, Any] = {
    "after": None, "artist": "Kenta Cho (ABA Games)", "before": "1795802400", "bpm": "115..135",
    "collapse_versions": True, "crawl_id": _CRAWL, "diversity": 0.3, "energy": "build_up",
    "exclude": [_IDS[1]], "fame": -0.5, "folder": "/music/Game music", "format": "m3u8", "freshness": 0.5,
    "from": _IDS[0],
    "genre": ["Electronic"], "harmonic": 0.5, "k": 10, "key": ["A minor"], "length": "2:00..6:00", "limit": 20,
    "listening": 0.5, "loudness": "-14..-8", "max_per_album": 2, "max_per_artist": 1, "min_similarity": 0.5,
    "new_to_me": True, "not_artist": ["remaxim"], "not_played_for_days": 7, "offset": 0, "order": "spread",
    "path_root": "//nas/music", "playlist_id": _PLAYLIST, "popularity": "20-60", "query_id": _QUERY,
    "reason": "unsupported_format", "remove_tracks": False,
    "seeds": [_IDS[0]], "source": "file", "status": "unheard", "steps": 8, "tags": ["electronic"], "text": "stg",
    "title": "Stg1", "to": _IDS[4], "track_id": _IDS[0], "track_ids": _IDS[:2], "year": "1995..2009",
}  # fmt: skip
"""By name; `after` means something else on each route, and is left out of some."""

AFTER = {"crawl_entries": 99, "export_listener": "play#1795802400", "playlists": _PLAYLIST}
_PLAY = {"listened_at": 1_795_802_400, "track_id": _IDS[0], "title": "Stg1", "artists": ["Kenta Cho (ABA Games)"]}

_UNIT = "AAAAPwAAAD8AAAA/AAAAPw=="
"""A unit vector of four numbers."""
_TRANSFORM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

BODIES: dict[str, Any] = {
    "change_playlist": {"name": "Game music for work", "again": "weekly"},
    "crawl": {"playlist": _FOLDER},
    "extend_long": {"track_ids": _IDS[:2], "k": 5},
    "list_tracks": {"track_ids": _IDS[:2], "format": "json"},
    "open_query": {"size": 480_000, "type": "audio/webm"},
    "preview_list": {"text": "Kenta Cho (ABA Games) - Stg1\nremaxim - Rag all over the place", "name": "songs.txt"},
    "say_opinion": {"opinion": "loved"},
    "shard_nearest": {"vector": _UNIT, "transform": _TRANSFORM, "k": 20},
    "say_playing": {key: value for key, value in _PLAY.items() if key != "listened_at"},
    "similar_to_several": {
        "seeds": [{"track_id": _IDS[0]}, {"track_id": _IDS[3], "weight": -0.5}], "k": 5, "diversity": 0.3,
    },
    "take_plays": {"listens": [_PLAY]},
    "write_playlist": {"to": "jellyfin", "name": "Like Stg1", "track_ids": _IDS[:2]},
}  # fmt: skip
_SHARD = {
    "version": "20261127T180012Z-9c1d", "tracks": 1_250_000, "model": "musicnn-msd@1", "recipe": "musicnn-msd@1-128d",
    "dim": 4, "transform": _TRANSFORM, "number": 0, "of": 8,
}  # fmt: skip
_SHOWN_THERE = {"track_id": _IDS[0], "title": "Stg1", "artists": ["Kenta Cho (ABA Games)"]}
_BY_HAND: dict[str, Any] = {
    "shard": _SHARD,
    "shard_track": {**_SHARD, "track": _SHOWN_THERE, "vector": _UNIT},
    "shard_nearest": {
        **_SHARD,
        "found": [{"similarity": 0.93, "track": _SHOWN_THERE, "vector": _UNIT}],
        "unknown_tag": None,
    },
    "export_listener": json.dumps({"kind": "play", **_PLAY}),
    "write_playlist": {"playlist": "7a3c1f", "written": [_IDS[0]], "missing": [_IDS[1]]},
}
"""What nobody answers without a media server or shards; and of what is no JSON, a line."""

_ASKED: dict[str, tuple[str, str, Mapping[str, Any]]] = {
    "health": ("GET", "/health", {}),
    "sources": ("GET", "/sources", {}),
    "genres": ("GET", "/genres", {}),
    "list_tracks": ("POST", "/lists", {}),
    "tags": ("GET", "/tags", {}),
    "map": ("GET", "/map", {}),
    "similar": ("GET", "/similar", {"track_id": _IDS[0]}),
    "similar_to_several": ("POST", "/similar", {}),
    "extend": ("GET", "/extend", {"track_ids": ",".join(_IDS[:2])}),
    "extend_long": ("POST", "/extend", {}),
    "path": ("GET", "/path", {"from": _IDS[0], "to": _IDS[4], "steps": 2}),
    "search": ("GET", "/search", {"text": "stg"}),
    "query": ("GET", f"/queries/{_QUERY}", {}),
    "open_query": ("POST", "/queries", {}),
    "look_up": ("GET", "/tracks", {"title": "Stg1", "artist": "Kenta Cho (ABA Games)"}),
    "track": ("GET", f"/tracks/{_IDS[0]}", {}),
    "crawls": ("GET", "/crawls", {}),
    "crawl_progress": ("GET", f"/crawls/{_CRAWL}", {}),
    "crawl_entries": ("GET", f"/crawls/{_CRAWL}/entries", {"status": "unheard"}),
    "preview_list": ("POST", "/crawls/preview", {}),
    "playlists": ("GET", "/playlists", {}),
    "playlist": ("GET", f"/playlists/{_PLAYLIST}", {}),
    "plays": ("GET", "/listens", {}),
    "recommend": ("GET", "/recommend", {}),
    "radio": ("GET", "/radio", {"track_id": _IDS[0]}),
    "say_opinion": ("PUT", f"/opinions/{_IDS[0]}", {}),
    "opinions": ("GET", "/opinions", {}),
    "take_opinion_back": ("DELETE", f"/opinions/{_IDS[0]}", {}),
    "take_plays": ("POST", "/listens", {}),
    "say_playing": ("PUT", "/listens/now", {}),
    "change_playlist": ("PATCH", f"/playlists/{_PLAYLIST}", {}),
    "request_track": ("PUT", f"/tracks/{_IDS[0]}", {}),
    "crawl": ("POST", "/crawls", {}),
    "cancel_crawl": ("POST", "/crawls/20261127T190000Z-0c7de9b4/cancel", {}),
    "forget": ("DELETE", f"/crawls/{_CRAWL}", {}),
    "forget_playlist": ("DELETE", f"/playlists/{_PLAYLIST}", {}),
    "remove_track": ("DELETE", f"/tracks/{_IDS[5]}", {}),
    "forget_listener": ("DELETE", "/listens", {}),
}
"""In this order: what removes comes last."""


def asked() -> dict[str, Any]:
    """The answers, by operation."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_world(Path(folder), EARSHOT_FOLDER_ROOTS="/", EARSHOT_STAGE="local") as world,
    ):
        _fill(world)
        found = {name: _answer(world, name, *request) for name, request in _ASKED.items()}
    found["open_query"]["upload"]["url"] = "https://uploads.example/clips/an-address-that-is-signed"
    return found | _BY_HAND


def _answer(world: World, operation: str, method: str, path: str, query: Mapping[str, Any]) -> Any:
    body = BODIES.get(operation)
    if operation == "crawl":
        body = {"playlist": "deezer:playlist:1"}  # the folder is nowhere
    answer = world.request(method, path, params=query, json=body, headers={"X-Api-Key": _WORD})
    assert answer.is_success, (operation, answer.text)
    return _short(answer.json())


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(part) for part in value[:_SHOWN]]
    return {name: _short(part) for name, part in value.items()} if isinstance(value, dict) else value


def _fill(world: World) -> None:
    """A catalogue, a crawl of it and one that goes on, a query by sound, a listener."""
    tracks = [
        track(
            number,
            track_id=_IDS[number],
            source="file",
            title=title,
            artists=(artist,),
            album=album,
            duration_ms=150_000 + 7_000 * number,
            genres=("Electronic",),
            year=2002 + number,
            tags={"electronic": 0.71 - 0.04 * number, "instrumental": 0.38},
            descriptors=Descriptors(
                bpm, pulse_clarity=0.6, key=KEYS[4 * number], key_confidence=0.8, loudness=-11.5, loudness_range=4.2
            ),
        )
        for number, (_, title, artist, album, bpm) in enumerate(_PIECES)
    ]
    vectors = [direction(a0=1, **{f"a{1 + number}": 0.35 + 0.1 * number}) for number in range(len(tracks))]
    places = np.linspace(-0.8, 0.8, 2 * len(tracks), dtype=np.float32).reshape(-1, 2)
    world.publish(tracks, vectors, positions=places)
    crawls, playlists = CrawlsTable(boto3.client("dynamodb"), "crawls"), Playlists(boto3.client("dynamodb"), "crawls")
    crawls.start(CrawlPlaylist(_CRAWL, _FOLDER))
    crawls.note_place(_CRAWL, "file:///music/Game%20music")
    playlists.note_crawl(crawls.summary(_CRAWL), "")
    for one in tracks:
        world.table.register(one.info)
        world.table.store_embedding(
            one.info, embedding=bytes(1248), drift=bytes(1248), tags=one.tags, model="musicnn-msd@1",
            preview_at=crawls.summary(_CRAWL).started, provider="file", descriptors=one.descriptors,
        )  # fmt: skip
    services().matching.songs.note([one.info for one in tracks])
    entries = [
        CrawlEntry(number, track_id, name=f"{_PIECES[number][3]}/{_PIECES[number][1]}.ogg")
        for number, track_id in enumerate(_IDS)
    ]
    unheard = CrawlEntry(len(entries), None, Reason.UNSUPPORTED_FORMAT, "Old/tune.mid", "mid")
    crawls.record_entries(_CRAWL, [*entries, unheard])
    playlists.note_first(_PLAYLIST, _IDS)
    crawls.finish(_CRAWL)
    crawls.count(_CRAWL, world.table)
    crawls.start(CrawlPlaylist(CrawlId("20261127T190000Z-0c7de9b4"), "https://www.deezer.com/playlist/1"))
    services().queries.open(_QUERY)
    services().queries.answer(
        _QUERY, Heard("musicnn-msd@1", Embedding(vectors[0], np.zeros(DIM, np.float32)), (Tag("electronic", 0.8),))
    )
    listener, now = listener_of(digest_of(_WORD)), int(time.time())
    services().listeners.note_plays(
        Play(listener, now - 4000 * number, title=one.info.title, artists=one.info.artists, track_id=one.track_id)
        for number, one in enumerate(replace(t) for t in tracks)
    )


def _lines(content: Mapping[str, Any]) -> str:
    """An object, one line for each name."""
    lines = [f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def main() -> int:
    """Write the file."""
    found = {
        "parameters": {name: value for name, value in PARAMETERS.items() if value is not None},
        "after": AFTER,
        "bodies": BODIES,
        "answers": asked(),
    }
    parts = [f"{json.dumps(part)}: {_lines(content)}" for part, content in found.items()]
    EXAMPLES.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
