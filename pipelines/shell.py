"""What the steps work with when a person, or somebody's scheduler, runs them as commands."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from config.local import LocalSettings
from earshot.colistening.store import ColisteningStore
from earshot.errors import StepFailed
from earshot.stores.message_queue import FifoQueue
from earshot.stores.plays_lake import PlaysLake
from ops.connection import reach
from ops.deployment import Deployment
from ops.following import pause_s
from ops.indexes import index_services
from ops.terminal import Say
from pipelines.work import Look, Stage

_SAY_EVERY_S = 10.0


def reach_stage(settings: LocalSettings) -> tuple[Stage, Deployment]:
    """The stage that the settings name, here or in the cloud.

    Raises:
        LocalStackError: it is `local`, and no stack runs on the settings' directory.
    """
    deployment = reach(settings)
    parameters = deployment.parameters
    return Stage(
        crawls=deployment.crawls,
        tracks=deployment.tracks,
        crawl_queue=deployment.crawl_queue,
        changes=FifoQueue(deployment.sqs, parameters["changes-queue-url"]),
        services=index_services(deployment, settings.local_dir / "cache" / "pipeline"),
        plays=PlaysLake(deployment.s3, parameters["plays-bucket"]),
        colistening=ColisteningStore(deployment.s3, parameters["index-bucket"]),
    ), deployment


def learn(deployment: Deployment, work_dir: Path) -> None:
    """Learn from all that is played on a stage, on this machine: the door of `listening`, told where the stage is.

    Raises:
        StepFailed: it did not; it has said why.
    """
    from listening.__main__ import main  # late: SciPy and DuckDB, which no other step needs

    parameters = deployment.parameters
    os.environ |= {
        "EARSHOT_CRAWLS_TABLE": parameters["crawls-table"],
        "EARSHOT_INDEX_BUCKET": parameters["index-bucket"],
        "EARSHOT_LISTENERS_TABLE": parameters["listeners-table"],
        "EARSHOT_PLAYS_BUCKET": parameters["plays-bucket"],
        "EARSHOT_PLAYS_WORK_DIR": str(work_dir / "listening"),
    }
    if main(["learn"]):
        raise StepFailed("nothing could be learned", hint="What was said before says why.")


def until_done(look: Callable[[], Look], say: Say, sleep: Callable[[float], None]) -> str:
    """What `look` says when it is done. Whoever cannot wait for ever ends the process: another one takes it up.

    Args:
        look: looks once.
        say: told of what has changed, now and then.
        sleep: waits so many seconds.
    """
    said, said_at = "", 0.0
    while True:
        began = time.monotonic()
        found = look()
        if found.done:
            return found.said
        if found.said != said and began - said_at >= _SAY_EVERY_S:
            say(found.said)
            said, said_at = found.said, began
        sleep(pause_s(time.monotonic() - began))
