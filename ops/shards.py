"""Tries a catalogue in shards on one machine: divides the index of a stage, serves each shard behind a front door.

Each is a process of its own, as they would be on machines of their own (docs/scaling.md).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from annoy_service.builder import make_builder
from annoy_service.pointers import manifest_at, position
from annoy_service.sharding import divide
from config.index_tracks import RecipeSettings
from config.local import LOOPBACK, ROOT
from earshot.api_client import ApiClient
from earshot.errors import ApiUnreachable, LocalStackError, NoIndexYet
from earshot.shards import Shard
from ops.deployment import Deployment
from ops.terminal import Say

_START_S = 120.0
_END_S = 15.0

Process = subprocess.Popen[bytes]


def try_shards(deployment: Deployment, work_dir: Path, of: int, port: int, say: Say) -> int:
    """Divide the index of the stage into `of` shards and serve them until Ctrl-C or SIGTERM, the front door at `port`.

    Raises:
        NoIndexYet: there is nothing to divide.
        LocalStackError: a port is another program's, or a process does not start.
    """
    for each in range(port, port + 1 + of):
        _check_free(each)
    buckets = divided(deployment, work_dir, of)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)  # like Ctrl-C: what was started ends, too
    urls = [f"http://{LOOPBACK}:{port + 1 + number}" for number in range(of)]
    with ExitStack() as stack:
        processes = {
            f"shard {number}": stack.enter_context(served(bucket, port + 1 + number, work_dir))
            for number, bucket in enumerate(buckets)
        }
        door = stack.enter_context(opened([[url] for url in urls], port))
        await_all({**processes, "the front door": door}, f"http://{LOOPBACK}:{port}", of)
        say(f"{of} shards behind http://{LOOPBACK}:{port} (GET /health says how they are; Ctrl-C ends it)")
        for url, (name, process) in zip(urls, processes.items(), strict=True):
            say(f"{name}: process {process.pid} on {url}; kill it, and see what becomes of answers")
        try:
            door.wait()
        except KeyboardInterrupt:
            return 0
    return 1


def await_all(processes: Mapping[str, Process], door: str, of: int) -> None:
    """Wait until the front door at the address `door` says that all `of` shards answer.

    Raises:
        LocalStackError: one of the processes, by what it is, has ended; or it takes two minutes.
    """
    ends = time.monotonic() + _START_S
    client = ApiClient(door)
    while time.monotonic() < ends:
        for name, process in processes.items():
            if process.poll() is not None:
                raise LocalStackError(f"{name} has ended with {process.returncode}", hint="What it wrote stands above.")
        try:
            if client.get("/health").checked()["shards"]["answered"] == of:
                return
        except ApiUnreachable:
            pass  # not yet
        time.sleep(0.2)
    raise LocalStackError(f"not all of {of} shards answer after {_START_S:.0f} s", hint="Try fewer: make shards OF=2.")


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise LocalStackError(
                f"port {port} cannot be had: {error.strerror}", hint="For others: make shards ARGS='--port 8200'."
            ) from None


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
