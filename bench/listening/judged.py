"""Invented people play through a local stack, whose clock then learns; others are recommended what they like.

`python -m bench.listening.judged` goes all the way that plays go: HTTP, queue, lake, `learn_listening`, the table that
serves, `/recommend`. What `bench.listening.tastes` measures in process, with many people, is seen here to arrive.
"""

import contextlib
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.figures import Figures
from bench.ingest.stack import ROOT, running_stack
from earshot.api_client import ApiClient
from earshot.clock import now_iso
from earshot.errors import ApiUnreachable
from earshot.ids import TrackId
from earshot.networks import MUSICNN
from earshot.stores.tracks_table import TracksTable
from earshot.track import TrackInfo
from local.functions import Worker, function_environment
from local.serverless import read_functions
from ops.deployment import Deployment
from simulator.__main__ import simulate
from simulator.judging import LENGTHS, POPULAR, WAYS
from tests.aws import Endpoint, free_ports

_STAGE = "local"
_TRACKS, _ARTISTS, _KINDS = 300, 40, 6
_LISTENERS, _DAYS, _RATE = 40, 7, 100
_OF_ARTIST, _OF_TRACK = 0.5, 0.6


def hear(table: TracksTable, tracks: int, seed: int = 1) -> list[TrackId]:
    """Give a stage tracks that were never heard: of artists who lie around some kinds of music; their ids."""
    rng = np.random.default_rng(seed)
    kinds = _noise(rng, _KINDS)
    artists = kinds[rng.integers(_KINDS, size=_ARTISTS)] + _OF_ARTIST * _noise(rng, _ARTISTS)
    by = rng.integers(_ARTISTS, size=tracks).tolist()
    heard, drifts = artists[by] + _OF_TRACK * _noise(rng, tracks), 0.1 * _noise(rng, tracks)
    ids = [TrackId(f"deezer:{9_000_000 + number}") for number in range(tracks)]
    for number, track_id in enumerate(ids):
        table.store_embedding(
            TrackInfo(track_id, "deezer", title=f"Song {number}", artists=(f"Artist {by[number]}",)),
            embedding=heard[number].astype("<f2").tobytes(),
            drift=drifts[number].astype("<f2").tobytes(),
            tags=(),
            model=MUSICNN.name,
            preview_at=now_iso(),
        )
    return ids


def wait_until_searchable(api: ApiClient, tracks: int, patience_s: float = 180.0) -> None:
    """Wait for an index of at least so many tracks.

    Raises:
        RuntimeError: there is none in time.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with contextlib.suppress(ApiUnreachable):
            if (api.get("/health").body.get("index") or {"tracks": 0})["tracks"] >= tracks:
                return
        time.sleep(0.2)
    raise RuntimeError("the tracks are not searchable")


def wake(name: str, aws: Endpoint, state: Path) -> None:
    """Run a function of a local stack once more, as its clock does.

    Args:
        name: the function's, of serverless.yml.
        aws: the AWS of the stack.
        state: the folder of its state.

    Raises:
        RuntimeError: it failed.
    """
    ssm = aws.client("ssm")
    functions = read_functions(
        ROOT / "serverless.yml",
        stage=_STAGE,
        ssm=lambda parameter: str(ssm.get_parameter(Name=parameter)["Parameter"]["Value"]),
    )
    (function,) = (function for function in functions if function.name == name)
    worker = Worker(function, function_environment(function, aws.environment, state), state / "logs")
    try:
        outcome = worker.invoke(function.schedules[0].event)
    finally:
        worker.close()
    if outcome.failed:
        raise RuntimeError(f"{name}: {outcome.error_type} {outcome.error}")


def measure() -> Figures:
    """nDCG@10 of all tracks by way and plays, of people who were held out; and how long learning took.

    Tracks that nobody could play come beside all others here, not alone: `bench.listening.tastes` tells of these.
    """
    port, aws_port = free_ports(2)
    aws = Endpoint(aws_port)
    ports = {"PORT": str(port), "EARSHOT_LOCAL_AWS_PORT": str(aws_port)}
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as place, running_stack(Path(place), ports):
        hear(Deployment(aws, _STAGE).tracks, _TRACKS)
        wait_until_searchable(ApiClient(url), _TRACKS)
        words = ["--url", url, "--truth", f"{place}/truth.json", "--regions", str(_KINDS)]
        words += ["--listeners", str(_LISTENERS), "--days", str(_DAYS), "--rate", str(_RATE)]
        simulate(words)
        began = time.monotonic()
        wake("learn_listening", aws, Path(place) / "state")
        learned_s = time.monotonic() - began
        figures = simulate([*words, "--judge", "--wait", "60"])
    if figures is None:
        raise RuntimeError("nothing was learned of what was played")
    return {
        "tracks": _TRACKS,
        "listeners": _LISTENERS,
        "days": _DAYS,
        "learned_s": round(learned_s, 1),
        "ndcg": {
            f"{length} plays": {way: round(figures.mean(way, length, "all"), 3) for way in (POPULAR, *WAYS)}
            | dict(zip(("lead", "error"), (round(x, 4) for x in figures.lead(length, "all")), strict=True))
            for length in LENGTHS
        },
    }


def _noise(rng: np.random.Generator, rows: int) -> npt.NDArray[np.float64]:
    noise: npt.NDArray[np.float64] = rng.standard_normal((rows, MUSICNN.dimensions))
    return noise


if __name__ == "__main__":
    print(measure())
    sys.exit(0)
