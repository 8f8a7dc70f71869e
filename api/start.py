"""What a container of the API does before its first request, and as a copy that wakes from a snapshot."""

import random
from collections.abc import Callable
from threading import Thread

from botocore.exceptions import BotoCoreError, ClientError

from api.answers.commonness import commonness_of
from api.answers.scale import sample_of
from api.http.services import Services
from earshot.errors import EarshotError, NoIndexYet
from earshot.telemetry import logger

SNAPSHOT = "snap-start"
"""AWS_LAMBDA_INITIALIZATION_TYPE of a container that is to be copied."""
PATIENCE_S = 6.0
"""Of the ten seconds that Lambda gives an ordinary start, imports included; it begins anew when they are over."""
LONG_PATIENCE_S = 110.0
"""Of the 130 that it gives those for which nobody waits: snapshots, and containers that are kept warm."""

_log = logger()


def warm_up(kind: str, services: Callable[[], Services]) -> None:
    """Open the index version that serves, and the table of what is played together. What keeps it from that is the
    first request's to meet.

    An opening that takes longer than Lambda lets a start take goes on meanwhile; a request waits for its end.

    Args:
        kind: AWS_LAMBDA_INITIALIZATION_TYPE.
        services: makes them.
    """
    try:
        found = services()
    except EarshotError:
        _log.exception("the api cannot be set up")
        return
    opening = Thread(target=open_index, args=(found,), name="warm-up", daemon=True)
    opening.start()
    opening.join(PATIENCE_S if kind == "on-demand" else LONG_PATIENCE_S)
    if opening.is_alive():
        _log.warning("the index is not open yet; the first request waits for it", waited_s=PATIENCE_S)


def wake(services: Services) -> None:
    """Become one of many: a copy's connections are dead, its index is old, and all copies' dice would fall alike."""
    random.seed()
    services.disconnect()
    services.index.look_again()
    services.colistening.look_again()


def open_index(services: Services) -> None:
    """Open the index version that serves, look through it, and open the table of what is played together; say what
    keeps it from that."""
    try:
        index = services.index.current()
        commonness_of(index)
        sample_of(index)
        services.colistening.current()
    except NoIndexYet:
        _log.info("nothing has been indexed yet")
    except (EarshotError, BotoCoreError, ClientError, OSError):
        _log.exception("the index could not be opened before the first request, which will try again")
