"""Tries a catalogue in shards on one machine: divides the index of a stage, serves each shard behind a front door.

Each is a process of its own, as they would be on machines of their own (docs/scaling.md).
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from annoy_service.builder import make_builder
from annoy_service.pointers import manifest_at, position
from annoy_service.sharding import divide
from config.index_tracks import RecipeSettings
from config.local import LOOPBACK, ROOT
from earshot.errors import NoIndexYet
from earshot.shards import Shard
from ops.deployment import Deployment
from ops.terminal import Say

_END_S = 15.0

Process = subprocess.Popen[bytes]


def try_shards(deployment: Deployment, work_dir: Path, of: int, port: int, say: Say) -> int:
    """Divide the index of the stage into `of` shards and serve them until Ctrl-C; the front door is at `port`.

    Raises:
        NoIndexYet: there is nothing to divide.
    """
    buckets = divided(deployment, work_dir, of)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(served(bucket, port + 1 + number, work_dir)) for number, bucket in enumerate(buckets)
        ]
        urls = [f"http://{LOOPBACK}:{port + 1 + number}" for number in range(of)]
        door = stack.enter_context(opened([[url] for url in urls], port))
        say(f"{of} shards behind http://{LOOPBACK}:{port} (GET /health says how they are; Ctrl-C ends it)")
        for number, process in enumerate(processes):
            say(f"shard {number}: process {process.pid} on {urls[number]}; kill it, and see what becomes of answers")
        try:
            door.wait()
        except KeyboardInterrupt:
            return 0
    return 1


def divided(deployment: Deployment, work_dir: Path, of: int) -> list[str]:
    """The buckets of the shards of the stage's index as it is now."""
    recipe = RecipeSettings.load().kept[0]
    whole = make_builder(deployment.s3, deployment.parameters["index-bucket"], recipe, work_dir / "whole")
    newest = manifest_at(whole, position(whole))
    if newest is None:
        raise NoIndexYet("there is no index to divide")
    prefix = f"earshot-{deployment.stage}-{newest.version.rpartition('-')[2]}"
    buckets = [f"{prefix}-{number}-of-{of}" for number in range(of)]
    there = {bucket["Name"] for bucket in deployment.s3.list_buckets()["Buckets"]}
    for number, bucket in enumerate(buckets):
        if bucket not in there:
            region = deployment.s3.meta.region_name
            deployment.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
        divide(whole, make_builder(deployment.s3, bucket, recipe, work_dir / bucket), Shard(number, of))
    return buckets


@contextmanager
def served(bucket: str, port: int, work_dir: Path) -> Iterator[Process]:
    """A process that serves the shard in the bucket, for as long as the block takes."""
    settings = {
        "EARSHOT_STAGE": "shard", "EARSHOT_INDEX_BUCKET": bucket, "EARSHOT_API_KEYS": "open",
        "EARSHOT_INDEX_CACHE_DIR": str(work_dir / f"serving-{port}"), "EARSHOT_SERVICE_HOST": LOOPBACK,
        "EARSHOT_SERVICE_PORT": str(port), "EARSHOT_SERVICE_DRAIN_S": "0",
    }  # fmt: skip
    with _started("api", settings) as process:
        yield process


@contextmanager
def opened(shards: Sequence[Sequence[str]], port: int, **settings: str) -> Iterator[Process]:
    """The front door before processes at these addresses, by shard, for as long as the block takes."""
    own = {
        "EARSHOT_SHARDS": ",".join("|".join(addresses) for addresses in shards), "EARSHOT_SERVICE_HOST": LOOPBACK,
        "EARSHOT_SERVICE_PORT": str(port), "EARSHOT_SERVICE_DRAIN_S": "0",
    }  # fmt: skip
    with _started("api.door", {**own, **settings}) as process:
        yield process


@contextmanager
def _started(module: str, settings: dict[str, str]) -> Iterator[Process]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, env={"POWERTOOLS_LOG_LEVEL": "ERROR", **environment, **settings}
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
