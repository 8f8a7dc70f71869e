"""Plays on the whole stack: ten thousand of long ago from a file; and of people whose taste it finds by itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.listening.judged import hear, wait_until_searchable, wake
from earshot.api_client import ApiClient
from earshot.colistening.store import ColisteningStore
from earshot.stores.plays_lake import PlaysLake
from lab.lake import plays_of
from listening.parquet import Plays
from simulator.asking import Players, catalogue_at
from simulator.judging import POPULAR, WAYS, held_out, ndcg
from simulator.people import affinity, invented
from simulator.sessions import sessions
from tests.aws import Endpoint
from tests.e2e.conftest import ROOT, LocalStack, until

_PLAYS, _KEY = 10_000, "somebody who has played for years"
_ENDED_AT, _AGAIN = 1_700_000_000, 1_000


def _earshot(stack: LocalStack, *words: str) -> subprocess.CompletedProcess[str]:
    env = stack.env | {"EARSHOT_API_KEY": _KEY, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "cli", *words, "--api", f"http://127.0.0.1:{stack.port}"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180, check=False)


def _kept(stack: LocalStack, listener: str, folder: Path) -> set[str]:
    """What the lake holds of the listener."""
    lake = PlaysLake(stack.deployment.session.client("s3"), stack.deployment.parameters["plays-bucket"])
    reader = Plays(folder)
    bodies = [lake.read(found) or b"" for found in lake.objects()]
    plays = (play for body in bodies for play in reader.unpack(body))
    return {play.key for play in plays if play.listener == listener}


def test_ten_thousand_plays_are_imported_with_a_bar_and_can_be_imported_again(
    stack: LocalStack, tmp_path: Path
) -> None:
    rows = [
        {
            "ts": _ENDED_AT + 200 * number,
            "ms_played": 180_000,
            "master_metadata_track_name": f"Song {number % 50}",
            "master_metadata_album_artist_name": "Aiko Mori",
            "reason_end": "trackdone",
        }
        for number in range(_PLAYS)
    ]
    file = tmp_path / "Streaming_History_Audio_2023_5.json"
    file.write_text(json.dumps(rows))
    for words in ((), ("--from", str(_PLAYS - _AGAIN))):
        run = _earshot(stack, "listens", "import", str(file), *words)
        assert run.returncode == 0, run.stderr
        assert f"{_PLAYS} of {_PLAYS} sent" in run.stdout
    listener = ApiClient(f"http://127.0.0.1:{stack.port}", key=_KEY).get("/listens").checked()["listener"]
    until(lambda: len(_kept(stack, listener, tmp_path)) == _PLAYS, 60, "all are kept")
    assert _earshot(stack, "listens", "forget", "--yes").returncode == 0


def test_what_people_play_is_learned_and_others_are_recommended_what_they_never_told(
    stack: LocalStack, tmp_path: Path
) -> None:
    """By HTTP, the queue and the lake to a table that serves; of a thousand plays of thirty people."""
    deployment, url = stack.deployment, f"http://127.0.0.1:{stack.port}"
    ids = hear(deployment.tracks, 120)
    wait_until_searchable(ApiClient(url), 120)
    choices, futures = np.random.default_rng(4).spawn(2)
    catalogue = catalogue_at(url, regions=4, scenes=3, new_share=0.1, rng=np.random.default_rng(4))
    people = invented(32, catalogue, seed=4)
    players, ends_at = Players(url, catalogue), int(time.time()) // 3_600 * 3_600
    some = (session for session in sessions(people[2:], catalogue, 4, ends_at, choices) if session)
    played = players.play_all(people[2:], some, 1e6, lambda _sent: None)
    assert played > 300
    bucket, s3 = deployment.parameters["index-bucket"], deployment.session.client("s3")
    until(lambda: not deployment.waiting("plays"), 30, "all plays are kept")
    wake("learn_listening", Endpoint(stack.aws_port), stack.directory)
    store = ColisteningStore(s3, bucket)
    head = store.head()
    assert head is not None
    learned, judged_on = store.manifest(head.pointer).training.data, plays_of(deployment, tmp_path)
    assert (judged_on.source["plays"], judged_on.interactions.n_listeners) == (learned.plays, learned.listeners)
    until(lambda: "listening" in players.recommended(people[2].key, 1.0)[1], 30, "the table serves")
    found: dict[str, list[float]] = {way: [] for way in (POPULAR, *WAYS)}
    fame = np.argsort(-catalogue.popularity).tolist()
    for one in held_out(people[:2], catalogue, ends_at, futures):
        history, left = one.history(30), np.ones(catalogue.size, bool)
        left[[play.track for play in history]] = False
        ask, liked = players.asker(one, 30), affinity(one.person, catalogue)
        answers = {way: ask(history, weight, left) for way, weight in WAYS.items()} | {POPULAR: fame}
        for way, tracks in answers.items():
            found[way].append(ndcg([track for track in tracks if left[track]], liked, left))
    means = {way: float(np.mean(values)) for way, values in found.items()}
    print(f"\nnDCG@10 by way: {means}")
    assert min(means["listening"], means["hybrid"]) > 1.5 * means[POPULAR], means
    for person in people:
        assert ApiClient(url, key=person.key).delete("/listens").status == 202
    for track_id in ids:
        deployment.tracks.delete(track_id)
    until(lambda: not (stack.api.get("/health").body.get("index") or {"tracks": 0})["tracks"], 60, "no tracks")
