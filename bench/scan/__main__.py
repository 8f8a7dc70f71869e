"""`python -m bench.scan`: a second crawl of 20,000 files that have not changed. Exit 1 when a target is missed.

The local stack runs as `make up` runs it. What the first crawl would have left is put there: half of the tracks are
ready and indexed, half were given up for good. For a quick look: ``--files 1000``.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np

from bench.ingest.stack import Client, running_stack
from crawler.cutting.cutter import Cutter
from crawler.file.memory import Memory
from crawler.file.source import FolderSource
from earshot.clock import now_iso
from earshot.folders import Folders
from earshot.networks import DEFAULT_NETWORK, network_named
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.stores.digests import Digests, digest_of
from earshot.stores.dynamodb import Table
from earshot.stores.song_keys import SongKeys
from earshot.track import Status, TrackInfo
from ops.connection import use_local_aws
from tests.stubs.audio import sweep

ROOT = Path(__file__).resolve().parents[2]
MAX_SCAN_S = 20.0
_PER_ALBUM = 100
_PATIENCE_S = 900.0


def main() -> int:
    """Measure, print, write bench/results/scan.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as place:
        music, state = Path(place) / "music", Path(place) / "state"
        _write(music, files)
        aws_port = _free_port()
        with running_stack(Path(place), {"EARSHOT_LOCAL_AWS_PORT": str(aws_port)}) as client:
            began = time.monotonic()
            infos = list(_read(music, state))
            first_s = time.monotonic() - began
            _put(infos, aws_port)
            _wait_for_index(client, len(infos) // 2)
            before = _cpu_s()
            scan_s, states = _crawl(client, music)
            cpu_s = _cpu_s() - before
    results = {"files": files, "first_read_s": first_s, "scan_s": scan_s, "cpu_s": cpu_s, "states": states}
    target = ROOT / "bench" / "results" / "scan.json"
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    changed = files - sum(states.get(name, 0) for name in (Status.READY, Status.FAILED))
    print(f"CPU seconds of the whole stack, until all was counted: {cpu_s:.2f}")
    missed = 0
    for name, value, limit in (
        (f"scan of {files:,} unchanged files, s", scan_s, MAX_SCAN_S * files / 20_000),
        ("tracks that were touched", changed, 0),
    ):
        missed += value > limit
        print(f"{'ok  ' if value <= limit else 'MISS'} {name:<40} {value:8.2f}   target <= {limit:g}")
    return 1 if missed else 0


def _write(music: Path, files: int) -> None:
    """Files of a second or so, each with audio of its own."""
    audio = sweep(1)
    for number in range(files):
        folder = music / f"Artist {number // 1000}" / f"Album {number // _PER_ALBUM}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number % _PER_ALBUM:02d} - Song {number}.mp3").write_bytes(audio + number.to_bytes(4, "big"))


def _read(music: Path, state: Path) -> Iterator[TrackInfo]:
    """What the first crawl reads and remembers."""
    source = FolderSource(Folders([music]), Cutter(), Memory(state / "files.sqlite3"), DEFAULT_NETWORK)
    ref, cursor = PlaylistRef("file", "folder", str(music)), None
    while True:
        page = source.read_page(ref, cursor)
        yield from (entry.info for entry in page.entries if entry.info)
        cursor = page.next_cursor
        if cursor is None:
            return


def _put(infos: list[TrackInfo], aws_port: int) -> None:
    """The tracks as the extractor leaves them, and by what names they are found."""
    use_local_aws(f"http://127.0.0.1:{aws_port}")
    client = boto3.client("dynamodb")
    name = next(name for name in client.list_tables()["TableNames"] if name.endswith("tracks"))
    dimensions, dice, at = network_named(DEFAULT_NETWORK).dimensions, np.random.default_rng(1), now_iso()
    edition = Digests(client, f"{name.removesuffix('tracks')}crawls").edition()
    rows = []
    for number, info in enumerate(infos):
        row = {"track_id": info.track_id, **info.to_row(), "created_at": at, "updated_at": at, "preview_at": at}
        row["digest"] = digest_of(info, edition)
        if number % 2:
            vectors = dice.standard_normal((2, dimensions)).astype("<f2")
            row |= {"status": Status.READY, "model": DEFAULT_NETWORK, "tags": []}
            row |= {"embedding": vectors[0].tobytes(), "drift": vectors[1].tobytes()}
        else:
            row |= {"status": Status.FAILED, "reason": Reason.SILENT}
        rows.append(row)
    Table(client, name).put_many(rows)
    SongKeys(client, f"{name.removesuffix('tracks')}crawls").note(infos)


def _cpu_s() -> float:
    """CPU seconds of everything that this process has started and that runs still; on a busy machine they tell more."""
    ticks: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        ticks[int(stat.parent.name)] = int(said[1]), int(said[11]) + int(said[12])
    ours, found = {os.getpid()}, 1
    while found:
        more = {pid for pid, (parent, _) in ticks.items() if parent in ours} - ours
        ours, found = ours | more, len(more)
    return sum(ticks[pid][1] for pid in ours - {os.getpid()} if pid in ticks) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_index(client: Client, tracks: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        _, health = client.get("/health")
        if health["index"] and health["index"]["tracks"] >= tracks:
            time.sleep(5)
            return
        time.sleep(1)
    raise RuntimeError(f"the index did not get its {tracks} tracks")


def _crawl(client: Client, music: Path) -> tuple[float, dict[str, int]]:
    """Seconds until the folder has been read, and how its tracks stand."""
    began = time.monotonic()
    _, accepted = client.post("/crawls", {"playlist": str(music)})
    scan_s = 0.0
    while time.monotonic() - began < _PATIENCE_S:
        _, progress = client.get(accepted["status_url"])
        if progress["finished"] and not scan_s:
            scan_s = time.monotonic() - began
        if progress["done"]:
            return scan_s, progress["states"]
        time.sleep(0.1)
    raise RuntimeError(f"the crawl did not end: {progress}")


if __name__ == "__main__":
    sys.exit(main())
