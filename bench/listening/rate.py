"""`python -m bench.listening.rate`: 200 plays a second on the stack of one machine, and when they count.

Four hundred people's players, in a process of their own, send single plays to a local stack that was started for it
alone. Of some it is asked until `GET /recommend` rests on them; in the end every play that was accepted must be in
lake and table, once. What a play costs is told by process. Where processors are shared with others, time on the clock
and, less, time of processors become longer: what a fixed piece of Python takes meanwhile is told beside them (18 ms at
best, on the machine whose figures are in docs/benchmarks.md). Exit 1 when a target is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil

from api.http.keys import digest_of
from bench.figures import Figures
from bench.ingest.stack import ROOT, running_stack
from bench.listening.players import DURATION_MS, Evening, artist_of, key_of, title_of, track_id_of
from bench.listening.report import rate_targets
from earshot.api_client import ApiClient
from earshot.clock import epoch, now_iso
from earshot.embedding import Embedding
from earshot.ids import TrackId
from earshot.networks import MUSICNN
from earshot.plays import ListenerId, Play, listener_of
from earshot.running_stack import RunningStack, running
from earshot.stores.plays_lake import PlaysLake
from earshot.stores.song_keys import SongKeys
from earshot.track import TrackInfo
from listening.parquet import Plays
from ops.deployment import Deployment
from tests.aws import Endpoint

PER_SECOND = 200
_SECONDS, _LISTENERS, _SONGS, _SAMPLES_PER_SECOND = 120, 400, 500, 2.0
_IDLE_S = 5.0
_AN_HOUR = 3_600
_MOST_PLAYS, _TURNS = 1_000, 300_000
_SETTLES_WITHIN_S = 300.0
_PROCESSES = {
    "local.front_door": "api",
    "local.embedded_aws": "embedded AWS",
    "listening.handler.record_plays": "record_plays",
    "local.worker": "other functions",
}
_STACK = "event loop"
RESULTS = ROOT / "bench" / "results" / "rate.json"


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=_SECONDS)
    parser.add_argument("--per-second", type=int, default=PER_SECOND)
    options = parser.parse_args()
    figures = measure(options.per_second, options.seconds)
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    targets = list(rate_targets(figures))
    for target in targets:
        print(target.line())
    return 0 if all(target.met for target in targets) else 1


def measure(per_second: int = PER_SECOND, seconds: int = _SECONDS) -> Figures:
    """Seconds until a play counts, milliseconds of processors a play, and what became of the plays."""
    evening = Evening(_LISTENERS, _SONGS, per_second, seconds, _SAMPLES_PER_SECOND, int(epoch()) - _AN_HOUR)
    with tempfile.TemporaryDirectory() as place, running_stack(Path(place), {}):
        stack = running(Path(place) / "state")
        assert stack is not None, "it has just been started"
        deployment = Deployment(Endpoint(urlsplit(stack.aws_url).port or 0), "local")
        _fill_catalogue(deployment, evening.songs)
        _wait_for_index(stack, evening.songs)
        before = _spent(stack.pid)
        time.sleep(_IDLE_S)
        idle = _since(before, _spent(stack.pid))
        before, machine, began = _spent(stack.pid), psutil.cpu_times(), time.monotonic()
        with _fixed_work() as fixed_work_ms:
            outcome, clients_s = _evening(stack, evening)
            _wait_until_kept(deployment)
        spent, wall_s = _since(before, _spent(stack.pid)), time.monotonic() - began
        others_s = _busy(psutil.cpu_times()) - _busy(machine) - sum(spent.values()) - clients_s
        kept = _kept(deployment, evening, outcome["accepted"], Path(place))
    plays = len(outcome["accepted"])
    return {
        "plays": plays,
        "per_second": per_second,
        "refused": len(outcome["refused"]),
        "answer_ms": _percentiles(outcome["answer_ms"]),
        "counts_s": _percentiles(outcome["counts_s"]),
        "samples": len(outcome["counts_s"]) + len(outcome["never_counted"]),
        "never_counted": len(outcome["never_counted"]),
        "questions": outcome["questions"],
        "cpu_ms_a_play": _milliseconds(spent, plays),
        "server_cpu_ms_a_play": 1e3 * sum(spent.values()) / plays,
        "clients_cpu_ms_a_play": 1e3 * clients_s / plays,
        "idle_cpu_ms_a_second": _milliseconds(idle, _IDLE_S),
        "wall_s": wall_s,
        "behind_time_s": outcome["behind_s"],
        "cores_busy_elsewhere": others_s / wall_s,
        "fixed_work_ms": float(np.median(fixed_work_ms)),
        **kept,
    }


def _fill_catalogue(deployment: Deployment, songs: int) -> None:
    """Tracks as a crawl leaves them, which sound like nothing in particular."""
    rng, song_keys = np.random.default_rng(1), SongKeys(deployment.dynamodb, deployment.parameters["crawls-table"])
    infos = [
        TrackInfo(
            TrackId(track_id_of(song)),
            "deezer",
            title=title_of(song),
            artists=(artist_of(song),),
            duration_ms=DURATION_MS,
        )
        for song in range(songs)
    ]
    song_keys.note(infos)
    for info in infos:
        heard, drift = rng.random((2, MUSICNN.dimensions), np.float32)
        embedding, drift_bytes = Embedding(heard, drift).to_bytes()
        deployment.tracks.store_embedding(
            info, embedding=embedding, drift=drift_bytes, tags=(), model=MUSICNN.name, preview_at=now_iso()
        )


def _wait_for_index(stack: RunningStack, songs: int) -> None:
    client, deadline = ApiClient(stack.api_url), time.monotonic() + _SETTLES_WITHIN_S
    while ((client.get("/health").checked()["index"] or {}).get("tracks")) != songs:
        if time.monotonic() > deadline:
            raise RuntimeError("the index does not hold what it should")
        time.sleep(0.5)


def _evening(stack: RunningStack, evening: Evening) -> tuple[Figures, float]:
    """What came of the plays, and the seconds of processors that the players took."""
    at = urlsplit(stack.api_url)
    command = [sys.executable, "-m", "bench.listening.players", str(at.hostname), str(at.port)]
    before = psutil.Process().cpu_times()
    done = subprocess.run([*command, json.dumps(asdict(evening))], stdout=subprocess.PIPE, cwd=ROOT, check=True)
    after = psutil.Process().cpu_times()
    spent_s = after.children_user + after.children_system - before.children_user - before.children_system
    return json.loads(done.stdout), spent_s


@contextmanager
def _fixed_work() -> Iterator[list[float]]:
    """What the same piece of Python takes of a processor, in milliseconds, once a second."""
    taken: list[float] = []
    over = threading.Event()

    def work() -> None:
        while not over.wait(1.0):
            before = time.thread_time()
            sum(number * number for number in range(_TURNS))
            taken.append(1e3 * (time.thread_time() - before))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


def _wait_until_kept(deployment: Deployment) -> None:
    """Until the queue is empty, of what is being worked on, too."""
    deadline = time.monotonic() + _SETTLES_WITHIN_S
    while deployment.waiting("plays"):
        if time.monotonic() > deadline:
            raise RuntimeError("plays still wait in their queue")
        time.sleep(0.5)


def _kept(deployment: Deployment, evening: Evening, accepted: Sequence[int], folder: Path) -> Figures:
    """How many of the accepted plays are missing in lake and in table, and how many are there too often."""
    lake, reader = PlaysLake(deployment.s3, deployment.parameters["plays-bucket"]), Plays(folder)
    objects = list(lake.objects())
    read = (play for found in objects for play in reader.unpack(lake.read(found) or b""))
    in_lake = Counter((play.listener, play.key) for play in read)
    listeners = [listener_of(digest_of(key_of(number))) for number in range(evening.listeners)]
    in_table = Counter(
        (listener, play.key) for listener in listeners for play in deployment.listeners.recent(listener, _MOST_PLAYS)
    )
    sent = {(play.listener, play.key) for play in (_play(evening, listeners, number) for number in accepted)}
    return {
        "lake_objects": len(objects),
        "missing": len(sent - in_lake.keys()) + len(sent - in_table.keys()),
        "too_many": sum((in_lake + in_table).values()) - len(in_lake) - len(in_table),
        "not_accepted_but_kept": len(in_lake.keys() - sent),
    }


def _play(evening: Evening, listeners: Sequence[ListenerId], number: int) -> Play:
    song = evening.song(number)
    listener = listeners[evening.listener(number)]
    return Play(listener, evening.listened_at(number), title=title_of(song), artists=(artist_of(song),))


def _spent(stack: int) -> dict[str, float]:
    """Seconds of processors that the stack's processes have taken so far, by what they are."""
    top = psutil.Process(stack)
    spent: dict[str, float] = {}
    for process in (top, *top.children(recursive=True)):
        times, line = process.cpu_times(), " ".join(process.cmdline())
        name = _STACK if process == top else next((name for part, name in _PROCESSES.items() if part in line), "else")
        spent[name] = spent.get(name, 0.0) + times.user + times.system
    return spent


def _since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: spent - before.get(name, 0.0) for name, spent in after.items()}


def _busy(times: "psutil._ntuples.scputimes") -> float:
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _milliseconds(seconds: Mapping[str, float], count: float) -> dict[str, float]:
    return {name: 1e3 * spent / count for name, spent in seconds.items()}


def _percentiles(values: Sequence[float]) -> dict[str, float] | None:
    return {f"p{at}": float(np.percentile(values, at)) for at in (50, 95)} if values else None


if __name__ == "__main__":
    sys.exit(main())
