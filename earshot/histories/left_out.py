"""Why a record of a history becomes no play, and what is wanted of those that could become one."""

from dataclasses import dataclass
from enum import StrEnum


class LeftOut(StrEnum):
    """Why. The values are stable; docs/listening.md explains them."""

    PODCAST = "podcast"
    PRIVATE_SESSION = "private_session"
    NOTHING_HEARD = "nothing_heard"
    NO_TIME = "no_time"
    OUT_OF_TIME = "out_of_time"
    NO_SONG = "no_song"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a history is wanted. `private_sessions`: what its listener played where Spotify was told to forget it."""

    private_sessions: bool = False
