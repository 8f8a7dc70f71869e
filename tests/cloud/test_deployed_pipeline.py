"""The whole way through a deployed stage: a playlist goes in, similar tracks come out of the HTTP API."""

import json
import time
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

from earshot.clock import iso, now
from earshot.ids import TrackId
from earshot.messages import CrawlPlaylist, FetchPreview, KeepUp, RecordPlays, TrackNotIndexed, TracksChanged
from earshot.plays import ListenerId, Play
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable, new_crawl_id
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.message_queue import FifoQueue, MessageQueue
from earshot.stores.plays_lake import PlaysLake
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, TrackInfo
from pipelines.steps import steps
from tests.cloud.conftest import KEY, STAGE, TRACKS, Deployment

_INDEXED_WITHIN_S = 120.0
_COUNTED_WITHIN_S = 20.0


def ask(
    deployment: Deployment, path: str, body: dict[str, Any] | None = None, method: str | None = None, key: str = KEY
) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of a request to the stage's HTTP API."""
    request = urllib.request.Request(  # noqa: S310 an http URL
        deployment.api_url + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Api-Key": key},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def indexed(health: dict[str, Any]) -> int:
    """Tracks of the index version that `/health` names."""
    return int((health.get("index") or {}).get("tracks", 0))


def _parameter(deployment: Deployment, key: str) -> str:
    answer = deployment.client("ssm").get_parameter(Name=f"/earshot/{STAGE}/{key}")
    value: str = answer["Parameter"]["Value"]
    return value


def test_whoever_has_no_key_has_no_work_done_in_a_deployed_stage(deployment: Deployment) -> None:
    for path, body in (("/crawls", {"playlist": "/"}), ("/queries", {"size": 1})):
        status, answer = ask(deployment, path, body, key="guess")
        assert (status, answer["error"]["code"]) == (401, "key_required")


def test_a_playlist_becomes_a_search_engine_in_a_deployed_stage(deployment: Deployment) -> None:
    status, nothing = ask(deployment, "/similar?track_id=deezer:3135556")
    assert status in (404, 503), nothing

    status, crawl = ask(deployment, "/crawls", {"playlist": deployment.playlist})
    assert status == 202, crawl

    deadline = time.monotonic() + _INDEXED_WITHIN_S
    health: dict[str, Any] = {}
    while time.monotonic() < deadline and indexed(health) < TRACKS:
        time.sleep(1)
        status, health = ask(deployment, "/health")
    assert indexed(health) == TRACKS, f"{health}\n{deployment.account.function_logs()}"
    progress = ask(deployment, crawl["status_url"])[1]
    while time.monotonic() < deadline + _COUNTED_WITHIN_S and not progress["done"]:  # asking has it counted
        time.sleep(0.5)
        progress = ask(deployment, crawl["status_url"])[1]
    assert (progress["states"], progress["reasons"]) == ({"ready": TRACKS}, {})

    table = deployment.client("dynamodb").scan(TableName=_parameter(deployment, "tracks-table"))["Items"]
    assert {item["status"]["S"] for item in table} == {"ready"}
    for item in table:
        track_id = item["track_id"]["S"]
        status, answer = ask(deployment, f"/similar?track_id={track_id}&k=3")
        assert status == 200, answer
        found = [result["track_id"] for result in answer["results"]]
        assert len(found) == 3
        assert track_id not in found
    status, track = ask(deployment, f"/tracks/{track_id}")
    assert (status, track["status"]) == (200, "ready")
    status, extended = ask(deployment, "/extend", {"track_ids": [track_id, "deezer:3135556"]})
    assert (status, extended["skipped"][0]["code"]) == (200, "track_not_found")
    status, drawn = ask(deployment, "/map")
    assert (status, drawn["total"]) == (200, TRACKS)
    status, crawls = ask(deployment, "/crawls")
    assert (status, len(crawls["crawls"])) == (200, 1)
    previews = deployment.client("s3").list_objects_v2(Bucket=_parameter(deployment, "previews-bucket"))
    assert previews["KeyCount"] == 0, "audio outlived its extraction"


def test_the_steps_of_a_pipeline_end_with_what_serves(deployment: Deployment) -> None:
    """As Step Functions call them (tests/pipelines runs the machine)."""
    run, said = f"{iso(now())}/cloud", ""
    for step in steps():
        event = {"step": step.name, "run": run, "input": {"playlist": deployment.playlist}}
        deadline, look = time.monotonic() + _INDEXED_WITHIN_S, {"done": False}
        while time.monotonic() < deadline and not look["done"]:
            answer = deployment.client("lambda").invoke(
                FunctionName=f"earshot-{STAGE}-pipeline_step", Payload=json.dumps(event)
            )
            look = json.load(answer["Payload"])
            assert "FunctionError" not in answer, look
            if not look["done"]:
                time.sleep(1)
        said = str(look.get("said"))
        assert look["done"], f"{step.name}: {said}\n{deployment.account.function_logs()}"
    assert f"{TRACKS} tracks" in said


def test_a_clip_that_is_uploaded_finds_the_track_it_comes_from(deployment: Deployment) -> None:
    clip = next(deployment.music.iterdir()).read_bytes()
    status, opened = ask(deployment, "/queries", {"size": len(clip), "type": "audio/mpeg"})
    assert status == 201, opened
    signed = opened["upload"]
    upload = urllib.request.Request(signed["url"], data=clip, headers=signed["headers"], method="PUT")  # noqa: S310
    with urllib.request.urlopen(upload, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200

    deadline = time.monotonic() + _INDEXED_WITHIN_S
    heard: dict[str, Any] = {"status": "pending"}
    while time.monotonic() < deadline and heard["status"] == "pending":
        time.sleep(1)
        status, heard = ask(deployment, opened["status_url"])
    assert (status, heard["status"]) == (200, "ready"), f"{heard}\n{deployment.account.function_logs()}"
    assert heard["results"][0]["similarity"] > 0.999
    status, found = ask(deployment, f"/tracks/{heard['results'][0]['track_id']}")
    assert found["title"], found


def test_what_is_played_is_known_within_seconds_and_deleted_when_asked(deployment: Deployment) -> None:
    (item, *_) = deployment.client("dynamodb").scan(TableName=_parameter(deployment, "tracks-table"))["Items"]
    track_id, at = item["track_id"]["S"], int(time.time()) - 300
    single = {"track_metadata": {"track_name": "Unheard of", "artist_name": "Nobody"}, "listened_at": at - 300}
    for path, body, said in (
        ("/1/submit-listens", {"listen_type": "single", "payload": [single]}, 200),
        ("/listens", {"listens": [{"track_id": track_id, "listened_at": at}]}, 202),
    ):
        status, answer = ask(deployment, path, body)
        assert status == said, answer
    assert ask(deployment, "/listens/now", {"track_id": track_id}, "PUT")[0] == 202
    assert ask(deployment, f"/opinions/{track_id}", {"opinion": "loved"}, "PUT")[0] == 200
    assert ask(deployment, f"/opinions/{track_id}", method="DELETE")[0] == 200

    deadline = time.monotonic() + _INDEXED_WITHIN_S
    known: dict[str, Any] = {"listens": []}
    while time.monotonic() < deadline and len(known["listens"]) < 2:
        time.sleep(1)
        status, known = ask(deployment, "/listens")
        assert status == 200, known
    assert [play["track_id"] for play in known["listens"]] == [track_id, None], deployment.account.function_logs()
    assert known["playing"]["listened_at"] > at
    assert ask(deployment, "/listens", key="guess")[0] == 401
    assert ask(deployment, "/listens", method="DELETE")[0] == 202
    assert ask(deployment, "/listens")[1]["listens"] == []


def test_a_track_that_no_provider_has_ends_with_a_reason(deployment: Deployment) -> None:
    status, asked = ask(deployment, "/tracks/deezer:3135556", method="PUT")
    assert status in (202, 409), asked  # accepted, or refused at once by a crawler that was quick
    deadline = time.monotonic() + _INDEXED_WITHIN_S
    track: dict[str, Any] = {}
    while time.monotonic() < deadline and track.get("status") != "no_preview":
        time.sleep(1)
        status, track = ask(deployment, "/tracks/deezer:3135556")
    assert (track["status"], bool(track["reason"])) == ("no_preview", True)


def _wake(deployment: Deployment, what: str) -> None:
    """As EventBridge does it."""
    answer = deployment.client("lambda").invoke(
        FunctionName=f"earshot-{STAGE}-reconcile", Payload=json.dumps({"what": what}).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_with_nobody_switched_on_the_clock_asks_nobody_for_facts(deployment: Deployment) -> None:
    answer = deployment.client("lambda").invoke(FunctionName=f"earshot-{STAGE}-learn_facts", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_the_clock_has_tracks_indexed_again_that_were_given_up(deployment: Deployment) -> None:
    sqs = deployment.client("sqs")
    names = {key: _parameter(deployment, key).rpartition(":")[2] for key in ("changes-dlq-arn", "compact-dlq-arn")}
    urls = {key: sqs.get_queue_url(QueueName=name)["QueueUrl"] for key, name in names.items()}
    parked = _parameter(deployment, "index-failed-queue-url")
    gone = TrackId("deezer:9")
    MessageQueue(sqs, parked).send(TrackNotIndexed(gone, "no reason"))
    FifoQueue(sqs, urls["changes-dlq-arn"]).send(TracksChanged((gone,)))
    FifoQueue(sqs, urls["compact-dlq-arn"]).send(KeepUp())
    answer = deployment.client("lambda").invoke(FunctionName=f"earshot-{STAGE}-reconcile_index", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    for url in (parked, *urls.values()):
        assert not sqs.receive_message(QueueUrl=url).get("Messages"), "it has been read"


def test_the_clock_ends_what_is_dead_and_gives_back_what_was_lost(deployment: Deployment) -> None:
    dynamodb, sqs = deployment.client("dynamodb"), deployment.client("sqs")
    tracks = TracksTable(dynamodb, _parameter(deployment, "tracks-table"))
    crawls = CrawlsTable(dynamodb, _parameter(deployment, "crawls-table"))
    dead, quiet = TrackId("deezer:1"), TrackId("deezer:2")
    for track_id in (dead, quiet):
        tracks.register(TrackInfo(track_id, "deezer", title="Song"))
    letters = sqs.get_queue_url(QueueName=_parameter(deployment, "fetch-dlq-arn").rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=letters, MessageBody=FetchPreview(dead).to_json())
    lost = CrawlPlaylist(new_crawl_id(), deployment.playlist)
    crawls.start(lost)
    long_ago = {":then": {"S": iso(now() - timedelta(hours=20))}}
    dynamodb.update_item(
        TableName=_parameter(deployment, "crawls-table"),
        Key={"crawl_id": {"S": "crawls"}, "entry": {"S": lost.crawl_id}},
        UpdateExpression="SET due = :then",
        ExpressionAttributeValues=long_ago,
    )
    dynamodb.update_item(
        TableName=_parameter(deployment, "tracks-table"),
        Key={"track_id": {"S": quiet}},
        UpdateExpression="SET updated_at = :then",
        ExpressionAttributeValues=long_ago,
    )
    _wake(deployment, "crawls")
    _wake(deployment, "tracks")
    assert tracks.states([dead])[dead] == (Status.NO_PREVIEW, Reason.INTERNAL_ERROR)
    deadline = time.monotonic() + _INDEXED_WITHIN_S
    while time.monotonic() < deadline and (
        tracks.states([quiet])[quiet][0] is Status.PENDING or crawls.summary(lost.crawl_id).finished is None
    ):
        time.sleep(1)
    assert tracks.states([quiet])[quiet] == (Status.NO_PREVIEW, Reason.PROVIDER_OFF)
    assert crawls.summary(lost.crawl_id).error is None


def test_plays_are_kept_merged_and_forgotten_in_a_deployed_stage(deployment: Deployment) -> None:
    dynamodb, sqs, s3 = (deployment.client(name) for name in ("dynamodb", "sqs", "s3"))
    table = _parameter(deployment, "listeners-table")
    listeners = ListenersTable(dynamodb, table)
    lake = PlaysLake(s3, _parameter(deployment, "plays-bucket"))
    stays, goes = ListenerId("1" * 16), ListenerId("e" * 16)
    tracks = TracksTable(dynamodb, _parameter(deployment, "tracks-table"))
    known = next(track.track_id for track in tracks.scan() if track.status is Status.READY)
    at = int((now() - timedelta(hours=1)).timestamp())
    plays = [Play(stays, at, "A song", ("Somebody",), named_id=known), Play(goes, at, "Another", ("Nobody",))]
    accepted_at = iso(now() - timedelta(minutes=30))
    queue = MessageQueue(sqs, _parameter(deployment, "plays-queue-url"))
    queue.send(RecordPlays(tuple(plays), accepted_at))
    deadline = time.monotonic() + _INDEXED_WITHIN_S
    while time.monotonic() < deadline and not (listeners.recent(stays, 1) and listeners.recent(goes, 1)):
        time.sleep(0.5)
    assert [play.track_id for play in listeners.recent(stays, 1)] == [known]
    word = {"listener": {"S": "forgotten"}, "item": {"S": goes}, "asked_at": {"S": iso(now() - timedelta(minutes=20))}}
    dynamodb.put_item(TableName=table, Item=word)
    letters = sqs.get_queue_url(QueueName=_parameter(deployment, "plays-dlq-arn").rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=letters, MessageBody=RecordPlays((plays[0],), accepted_at).to_json())
    for function in ("keep_plays", "learn_listening"):
        answer = deployment.client("lambda").invoke(FunctionName=f"earshot-{STAGE}-{function}", Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()
    assert any(found.is_whole for found in lake.objects())
    assert not any(found.may_hold(goes) for found in lake.objects())
    assert list(listeners.everything(goes)) == []
    assert listeners.get(stays, 1).taste is not None
    assert not sqs.receive_message(QueueUrl=letters).get("Messages"), "it was given back"
