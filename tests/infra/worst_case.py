"""What every route makes AWS do, asked for as much as can be; ``python -m tests.infra.worst_case`` writes docs/cost.md.

The stage: 1,000 tracks, a crawl of 1,000 entries, 200 crawls, 200 open queries. Names are as long as usual.
"""

import math
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import httpx
import numpy as np

from api.answers.atlas import MAX_POINTS
from api.bootstrap import services
from api.http.app import OWN_ROUTES, max_body_bytes
from api.http.keys import digest_of
from api.http.listenbrainz import MAX_LISTENS
from api.http.listens import Listened
from config.api import ApiSettings
from earshot.clock import now_iso
from earshot.crawls import CrawlEntry
from earshot.descriptors import Descriptors
from earshot.embedding import Embedding
from earshot.history import MOST_TRACKS, History
from earshot.ids import CrawlId, QueryId, TrackId
from earshot.keys import KEYS
from earshot.messages import CrawlPlaylist
from earshot.plays import listener_of
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.dynamodb import Table
from earshot.stores.listeners_table import Taste
from earshot.stores.playlists import playlist_id_of
from earshot.stores.sound_queries import Heard
from earshot.track import Tag, TrackInfo
from scripts import worst_case
from scripts.worst_case import DEFAULT, Asked, Rates, Units, read_units, write_units
from tests.calls import Call, counted_calls
from tests.infra import terraform
from tests.unit.api.world import DIM, World, running_world, track

TRACKS, ENTRIES, MANY = 1_000, 1_000, 200
STAGES = ("dev", "prod")
PAGE = terraform.ROOT / "docs" / "cost.md"
_MARKS = "<!-- worst-case:begin -->", "<!-- worst-case:end -->"
_FREE = {"DeleteObject"}
_S3_PUTS, _S3_GETS = {"PutObject", "ListObjectsV2"}, {"GetObject", "HeadObject"}
_QUERY = QueryId("0" * 32)
_LARGE, _USUAL = CrawlId("20261120T000000Z-1a4ce000"), CrawlId("20261119T000000Z-05a10000")


@contextmanager
def large_stage(folder: Path) -> Iterator[World]:
    """A stage in the cloud that holds all that, open to everybody."""
    settings = {"EARSHOT_STAGE": "dev", "EARSHOT_API_KEYS": "open", "EARSHOT_INDEX_CHECK_EVERY_S": "300"}
    with running_world(folder, EARSHOT_REQUEST_WAIT_S="0", **settings) as world:
        _publish(world)
        _crawl(world)
        _playlists(world)
        heard = Heard("musicnn-msd@1", Embedding(_vectors(1)[0], np.zeros(DIM, np.float32)), _tags(0))
        for number in range(MANY):
            services().queries.open(QueryId(f"{number:032x}"))
        services().queries.answer(_QUERY, heard)
        _listen(world)
        yield world


def _publish(world: World) -> None:
    tracks = [
        track(
            number,
            title=f"An ordinary title, number {number}",
            artists=(f"The Ordinary Artist {number % 999}",),
            album=f"An Album of Ordinary Songs {number % 1999}",
            url=f"https://www.deezer.com/track/{number}",
            artwork_url=f"https://cdn-images.dzcdn.net/images/cover/{number:032x}/500x500.jpg",
            tags=dict(_tags(number)),
            genres=(f"an ordinary genre {number}",),
            descriptors=_descriptors(number),
        )
        for number in range(TRACKS)
    ]
    places = np.random.default_rng(8).uniform(-1, 1, (TRACKS, 2)).astype(np.float32)
    world.publish(tracks, list(_vectors(TRACKS)), positions=places)


def _vectors(count: int) -> Any:
    found = np.random.default_rng(7).normal(size=(count, DIM)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _tags(number: int) -> tuple[Tag, ...]:
    return tuple(Tag(f"some tag {(number + 7 * place) % 50}", 0.9 - 0.1 * place) for place in range(5))


def _descriptors(number: int) -> Descriptors:
    return Descriptors(
        60 + number % 997 / 10, 120 + number % 997 / 5, number % 89 / 100, KEYS[number % len(KEYS)], number % 83 / 100,
        -5 - number % 131 / 10, number % 71 / 10,
    )  # fmt: skip


def _crawl(world: World) -> None:
    """Also 50 tracks that wait for the index, with all that a track holds."""
    dynamodb = boto3.client("dynamodb")
    crawls, rows = CrawlsTable(dynamodb, "crawls"), Table(dynamodb, "crawls")
    crawls.start(CrawlPlaylist(_LARGE, "https://www.deezer.com/playlist/1"))
    crawls.record_entries(_LARGE, (CrawlEntry(number, TrackId(f"deezer:{number}")) for number in range(ENTRIES)))
    crawls.count(_LARGE, world.table)
    crawls.start(CrawlPlaylist(_USUAL, "https://open.spotify.com/playlist/37i9dQZF1DX4sWSpwq3LiO?si=0123456789abcdef"))
    crawls.finish(_USUAL)
    crawls.count(_USUAL, world.table)
    (usual,) = (row for row in rows.query({"crawl_id": "crawls"}) if row["entry"] == _USUAL)
    rows.put_many({**usual, "entry": f"{_USUAL}{number}"} for number in range(MANY))
    for number in range(50):
        info = TrackInfo(
            TrackId(f"deezer:{90_000 + number}"),
            "deezer",
            title="A title that waits",
            isrc="GBAYE0601498",
            artwork_url=f"https://cdn-images.dzcdn.net/images/cover/{number:032x}/500x500.jpg",
        )
        world.table.register(info)
        world.table.store_embedding(
            info, embedding=bytes(1248), drift=bytes(1248), tags=_tags(0) * 2, model="musicnn-msd@1",
            preview_at=services().crawls.summary(_LARGE).started,
        )  # fmt: skip


def _playlists(world: World) -> None:
    """Twenty, each with its crawl and its first tracks; and as many tracks of one name."""
    often = [
        TrackInfo(TrackId(f"deezer:{95_000 + number}"), "deezer", title=_OFTEN, artists=("The Ordinary Artist",))
        for number in range(20)
    ]
    for info in often:
        world.table.register(info)
        world.table.store_embedding(
            info, embedding=bytes(1248), drift=bytes(1248), tags=_tags(0) * 2, model="musicnn-msd@1",
            preview_at=services().crawls.summary(_LARGE).started,
        )  # fmt: skip
    services().matching.songs.note(often)
    for number in range(20):
        crawl_id, place = CrawlId(f"{_USUAL}{number}"), f"deezer:playlist:{number}"
        services().crawls.note_place(crawl_id, place)
        services().playlists.note_crawl(services().crawls.summary(crawl_id), f"An ordinary playlist, number {number}")
        first = [TrackId(f"deezer:{90_000 + (8 * number + n) % 50}") for n in range(8)]
        services().playlists.note_first(playlist_id_of(place), first)


def _listen(world: World) -> None:
    """A listener with a hundred plays, one with as many as are looked at, and a track with an id of MusicBrainz."""
    for word, count in ((_WORD, 100), (_FAN, 200)):
        listener = listener_of(digest_of(word))
        services().listeners.note_plays(
            replace(Listened.model_validate(one).heard(listener), track_id=TrackId(one["track_id"]))
            for one in _listens(count)
        )
        taste = tuple((TrackId(f"deezer:{number}"), 1.5) for number in range(50))
        services().listeners.note_taste(listener, Taste(taste, now_iso()))
        heard = ((TrackId(f"deezer:{10**8 + number}"), 20_000) for number in range(MOST_TRACKS))
        services().listeners.note_history(listener, History.of(heard, 10**6, now_iso()))
        services().shown.note(listener, {}, [TrackId(f"deezer:{number}") for number in range(20)])
    info = TrackInfo(
        TrackId("deezer:80000"), "deezer", title="A title of MusicBrainz", artists=("Somebody",), mbid=_MBID
    )
    world.table.register(info)
    services().matching.songs.note([info])


def _listens(count: int) -> list[dict[str, Any]]:
    now = int(time.time())
    return [
        {
            "listened_at": now - 200 * number,
            "track_id": f"deezer:{number + 1}",
            "title": f"An ordinary title, number {number}",
            "artists": [f"The Ordinary Artist {number % 999}"],
            "album": f"An Album of Ordinary Songs {number % 1999}",
            "isrc": "GBAYE0601498",
            "mbid": _MBID,
            "duration_ms": 200_000,
            "played_ms": 200_000,
            "client": "An ordinary player",
        }
        for number in range(count)
    ]


_FAN = "who listens all day"
_OFTEN = "A title that many have"
_WORD, _MBID = "who listens", "98255a8c-017a-4bc7-8dd6-1fa36124572b"
_METADATA = {"track_name": "An ordinary title", "artist_name": "The Ordinary Artist", "release_name": "An Album"}
_PLAYING = {"listen_type": "playing_now", "payload": [{"track_metadata": _METADATA}]}
_LISTEN = {"track_metadata": _METADATA, "listened_at": 1_443_521_965}
_K = {"k": 100, "diversity": 1}
_PLAYLIST = [f"deezer:{number}" for number in range(1, 151)] + [f"deezer:{90_000 + number}" for number in range(50)]
_SEEDS = [{"track_id": f"deezer:{number}"} for number in range(1, 51)]


def public(world: World) -> list[Asked]:
    """What may be asked without a key, each as dear as it can be."""
    ask, previews = _Asking(world), ApiSettings.load().previews_per_hour
    for first in ("/map", f"/queries/{_QUERY}", "/radio"):  # loads the index, looks for a trial: no request's own
        world.request("GET", first, headers={"X-Api-Key": _WORD})
    audio = ask("GET /tracks/deezer:90000/audio", name="GET /tracks/{id}/audio")
    drawn = ask("GET /map")
    extended = [
        ask("GET /extend", query={"track_ids": ",".join(_PLAYLIST[-100:]), **_K}),
        ask("POST /extend", {"track_ids": _PLAYLIST, **_K}),
    ]
    return [
        ask("GET /similar", query={"track_id": "deezer:1", **_K}),
        ask("POST /similar", {"seeds": _SEEDS, **_K}),
        *(replace(asked, seconds=worst_case.PLAYLIST_S) for asked in extended),
        ask("GET /path", query={"from": "deezer:1", "to": "deezer:2", "steps": 30}),
        ask("GET /search", query={"text": "ordinary", "limit": 100}),
        ask("GET /genres"),
        ask("GET /tags"),
        ask("POST /lists", {"track_ids": [f"deezer:{number}" for number in range(1, 251)]}),
        ask(f"GET /queries/{_QUERY}", query=_K, name="GET /queries/{id}"),
        ask("GET /tracks", query={"title": _OFTEN, "artist": "The Ordinary Artist"}),
        ask("GET /tracks/deezer:90000", name="GET /tracks/{id}"),
        ask("GET /tracks/deezer:90001/cover", name="GET /tracks/{id}/cover"),
        replace(audio, seconds=worst_case.WAITING_S, most_an_hour=previews),
        ask("GET /crawls", query={"limit": 100, "offset": 100}),
        ask(f"GET /crawls/{_LARGE}", name="GET /crawls/{id}, due to be counted"),
        ask(f"GET /crawls/{_LARGE}", name="GET /crawls/{id}"),
        ask("GET /sources"),
        ask("GET /health"),
        ask("GET /rest/getSonicSimilarTracks", query={"id": "deezer:1", "count": 100}),
        ask("GET /"),
        ask("GET /page/style.css", name="GET /page/{file}"),
        ask("GET /openapi.json"),
        ask("POST /1/submit-listens", _PLAYING, name="POST /1/submit-listens, what plays now", key=_WORD),
        ask("POST /listens", {"listens": _listens(1)}, name="POST /listens, refused"),
        ask("GET /listens", query={"limit": 100}, key=_WORD),
        ask("GET /recommend", query={**_K, "k": 50}, key=_WORD),
        ask(
            "GET /recommend",
            query={**_K, "k": 50, "new_to_me": "true"},
            name="GET /recommend, only what is new",
            key=_FAN,
        ),
        ask("GET /radio", query={"k": 20, "diversity": 1}, key=_WORD),
        ask("GET /1/user/me/listens", query={"count": 100}, name="GET /1/user/{id}/listens", key=_WORD),
        replace(drawn, answer_bytes=drawn.answer_bytes * MAX_POINTS // TRACKS),
        ask("GET /docs"),
    ]


def keyed(world: World) -> list[Asked]:
    """What needs a key, or an open stage. Each is charged to the quota, as if it were spent on nothing else."""
    ask, quota, plays = _Asking(world), ApiSettings.load().quota_per_hour, ApiSettings.load().plays_per_hour
    playlist = playlist_id_of("deezer:playlist:0")
    single = {"listen_type": "single", "payload": [_LISTEN]}
    taken = [
        replace(
            ask("POST /1/submit-listens", single, key=_WORD), most_an_hour=plays, others_usd=worst_case.plays_usd(1)
        ),
        replace(
            ask("POST /listens", {"listens": _listens(MAX_LISTENS)}, key=_WORD),
            most_an_hour=plays // MAX_LISTENS,
            others_usd=worst_case.plays_usd(MAX_LISTENS),
        ),
    ]
    found = [
        ask("POST /crawls", {"playlist": "deezer:playlist:1"}),
        replace(
            ask("PUT /tracks/deezer:70001", name="PUT /tracks/{id}"),
            seconds=worst_case.WATCHING_S,
            others_usd=worst_case.one_track_usd(),
        ),
        ask("POST /crawls/preview", {"text": "\n".join(f"Artist {n} - Title {n}" for n in range(1000))}),
        ask(
            f"GET /crawls/{_LARGE}/entries", query={"limit": 100, "status": "unheard"}, name="GET /crawls/{id}/entries"
        ),
        ask(f"DELETE /crawls/{_USUAL}", name="DELETE /crawls/{id}"),
        ask(f"POST /crawls/{_LARGE}/cancel", name="POST /crawls/{id}/cancel"),
        ask("GET /playlists", query={"limit": 20}),
        ask(f"GET /playlists/{playlist}", name="GET /playlists/{id}"),
        ask(f"PATCH /playlists/{playlist}", {"name": "x" * 200, "again": "daily"}, name="PATCH /playlists/{id}"),
        ask(f"DELETE /playlists/{playlist}", name="DELETE /playlists/{id}"),
        ask("DELETE /tracks/deezer:90049", name="DELETE /tracks/{id}"),
        replace(ask("POST /queries", {"size": 1000}), others_usd=worst_case.one_clip_usd()),
        ask("PUT /opinions/deezer:1", {"opinion": "loved"}, name="PUT /opinions/{id}", key=_WORD),
        ask("DELETE /opinions/deezer:1", name="DELETE /opinions/{id}", key=_WORD),
        ask("POST /1/feedback/recording-feedback", {"recording_mbid": _MBID, "score": 0}, key=_WORD),
        ask("GET /listens/export", key=_WORD),
        ask("DELETE /listens", key=_WORD),
    ]
    return [replace(asked, most_an_hour=quota) for asked in found] + [replace(one, quota="plays") for one in taken]


@dataclass(frozen=True, slots=True)
class _Asking:
    world: World

    def __call__(
        self,
        request: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        name: str = "",
        key: str | None = None,
    ) -> Asked:
        method, path = request.split()
        headers = {"Accept-Encoding": "identity", **({"X-Api-Key": key} if key else {})}
        with counted_calls() as calls:
            answer = self.world.request(method, path, params=query, json=body, headers=headers)
        return Asked(
            name or request,
            Counter(call.name for call in calls),
            _units(calls),
            _sent_bytes(answer),
            route=request if request in OWN_ROUTES else DEFAULT,
            body_bytes=max_body_bytes(path),
        )


def _sent_bytes(answer: httpx.Response) -> int:
    refused = ("not_playable", "key_required")
    assert answer.is_success or answer.is_redirect or answer.json()["error"]["code"] in refused, answer.text
    assert "content-encoding" not in answer.headers, "a stranger need not let it be compressed"
    return len(answer.content) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())


def _units(calls: Iterable[Call]) -> Units:
    reads = writes = puts = gets = messages = 0
    for call in calls:
        if call.name == "GetItem":
            whole = read_units(_bytes(call.answered.get("Item", {})))
            reads += whole if call.asked.get("ConsistentRead") else math.ceil(whole / 2)
        elif call.name == "BatchGetItem":
            ((table, found),) = call.answered["Responses"].items()
            lacking = len(call.asked["RequestItems"][table]["Keys"]) - len(found)
            reads += sum(read_units(_bytes(item)) for item in found) + lacking
        elif call.name == "Query":
            reads += read_units(sum(map(_bytes, call.answered["Items"])))
        elif call.name == "UpdateItem":
            key = {"TableName": call.asked["TableName"], "Key": call.asked["Key"]}
            writes += write_units(_bytes(boto3.client("dynamodb").get_item(**key).get("Item", {})))
        elif call.name == "PutItem":
            writes += write_units(_bytes(call.asked["Item"]))
            writes += "opinion" in call.asked["Item"]  # the index of opinions has it, too
        elif call.name == "DeleteItem":
            writes += 2 if "opinion#" in str(call.asked["Key"]) else 1
        elif call.name == "BatchWriteItem":
            ((_, asked),) = call.asked["RequestItems"].items()
            assert all("DeleteRequest" in one for one in asked), "what does putting many cost?"
            writes += len(asked)  # of items below a kilobyte
        elif call.name in _S3_PUTS:
            puts += 1
        elif call.name in _S3_GETS:
            gets += 1
        elif call.name == "SendMessage":
            messages += 1
        else:
            assert call.name in _FREE, f"what does {call.name} cost?"
    return Units(reads, writes, puts, gets, messages)


def _bytes(item: Mapping[str, Any]) -> int:
    """Of an item as DynamoDB counts them, nearly."""
    return sum(len(name) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "M":
        return 3 + sum(len(name) + _value_bytes(part) + 1 for name, part in content.items())
    if kind == "L":
        return 3 + sum(_value_bytes(part) + 1 for part in content)
    return len(content) if kind == "B" else len(str(content).encode())


def shown() -> str:
    """The table as it stands in docs/cost.md."""
    begin, end = _MARKS
    return PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip()


def rates() -> dict[str, Rates]:
    """Of each stage."""
    return {stage: Rates.of(stage, terraform.ROOT) for stage in STAGES}


def drawn_table(public: Sequence[Asked], keyed: Sequence[Asked]) -> str:
    """The table as it should stand there."""
    return worst_case.table(public, keyed, rates(), terraform.ROOT)


def main() -> int:
    """Write the table."""
    with tempfile.TemporaryDirectory() as folder, large_stage(Path(folder)) as world:
        drawn = drawn_table(public(world), keyed(world))
    begin, end = _MARKS
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{drawn}\n{end}", text, flags=re.DOTALL), encoding="utf-8"
    )
    print(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
