"""The one way in for what listeners say. Accepted is a play that the queue has, an opinion that the table has."""

from collections.abc import Sequence

from api.http.services import Services
from earshot.clock import Timestamp, now_iso
from earshot.ids import TrackId
from earshot.messages import RecordPlays
from earshot.play_messages import parts
from earshot.plays import ListenerId, Play, unique
from earshot.stores.listeners_table import Opinion

_EVERYBODY = "everybody"
_PLAYING_S = 600
_MAX_PLAYING_S = 3 * 3_600


def take_in(services: Services, listener: ListenerId, plays: Sequence[Play]) -> int:
    """Send the listener's plays to the queue; how many they are, each counted once.

    When one of several messages cannot be sent, the caller hears of it and repeats them all: whoever records plays
    takes the same one twice for one.

    Raises:
        QuotaExceeded: these would be more in an hour than a key may send; where everybody may, all together.
    """
    once, rules = unique(plays), services.rules
    if rules.plays_per_hour is not None:
        services.quotas.take(f"plays of {_EVERYBODY if rules.is_open else listener}", rules.plays_per_hour, len(once))
    accepted_at = now_iso()
    for part in parts(once):
        services.plays_queue.send(RecordPlays(part, accepted_at))
    return len(once)


def take_opinion(services: Services, listener: ListenerId, track_id: TrackId, opinion: Opinion | None) -> None:
    """Keep what the listener says of a track; None: nothing any more."""
    services.listeners.say(listener, track_id, opinion)


def forget(services: Services, listener: ListenerId) -> Timestamp:
    """Delete what is known of the listener, and have the rest deleted. Returns the time of asking."""
    asked_at = now_iso()
    services.listeners.forget(listener, asked_at)
    return asked_at


def note_playing(services: Services, play: Play) -> None:
    """Keep what the listener plays now until it must be over."""
    seconds = min(_MAX_PLAYING_S, play.duration_ms // 1_000 + 1) if play.duration_ms else _PLAYING_S
    services.listeners.note_playing(play, seconds)
