"""Players play on while the API, the function that records, the embedded AWS and everything at once are killed.

They do what Navidrome does: a play that was not accepted is sent again until it is. In the end each is kept once, in
the listeners' recent plays and in the lake. Besides, one in twenty AWS requests is throttled, fails, or has no answer.
"""

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api.http.keys import digest_of
from earshot.api_client import ApiClient
from earshot.errors import ApiUnreachable
from earshot.plays import ListenerId, Play, listener_of
from earshot.stores.plays_lake import PlaysLake
from listening.parquet import Plays
from tests.e2e.conftest import LocalStack, until

_LISTENERS, _EACH_S, _PLAYS_BETWEEN = 8, 3.0, 40
_BETWEEN_PLAYS_S = 0.1
_BETWEEN_TRIES_S = 0.5
_FAULTS = "0.05"
_STARTS, _STARTS_WITHIN_S, _SETTLES_WITHIN_S = 5, 300.0, 600.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    own = LocalStack(tmp_path / "state")
    own.env |= {"EARSHOT_FAULTS": _FAULTS}
    try:
        _start(own)
        yield own
    finally:
        own.close()


def _start(stack: LocalStack) -> None:
    """As whoever supervises it does: a start that fails is tried again."""
    for attempt in range(_STARTS):
        try:
            stack.up(_STARTS_WITHIN_S)
        except AssertionError:
            if attempt == _STARTS - 1:
                raise
        else:
            return


class _Player(threading.Thread):
    """Of one listener: plays until told to stop, each play sent until it is accepted."""

    def __init__(self, number: int, url: str, first_at: int) -> None:
        super().__init__(daemon=True)
        self._key = f"listener {number}"
        self.listener = listener_of(digest_of(self._key))
        self.accepted: list[Play] = []
        self.tries = 0
        self.over = threading.Event()
        self._url, self._first_at = url, first_at

    def run(self) -> None:
        client = ApiClient(self._url, key=self._key)
        while not self.over.wait(_BETWEEN_PLAYS_S):
            number = len(self.accepted)
            play = Play(self.listener, self._first_at + number, title=f"Song {number % 7}", artists=("Aiko Mori",))
            metadata = {"track_name": play.title, "artist_name": play.artists[0]}
            listen = {"listened_at": play.listened_at, "track_metadata": metadata}
            while not self._is_accepted(client, {"listen_type": "single", "payload": [listen]}):
                time.sleep(_BETWEEN_TRIES_S)
            self.accepted.append(play)

    def _is_accepted(self, client: ApiClient, body: dict[str, object]) -> bool:
        self.tries += 1
        try:
            answer = client.post("/1/submit-listens", body)
        except ApiUnreachable:
            return False
        is_tried_again = answer.status >= 500 and (answer.body is None or answer.body["code"] == 503)  # adr/0028
        assert answer.status == 200 or is_tried_again, "a player would give up, and the play be lost"
        return answer.status == 200


def _killed(stack: LocalStack, what: str) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        stack.child(what).kill()


def _in_lake(stack: LocalStack, folder: Path) -> Counter[tuple[ListenerId, str]]:
    lake, reader = PlaysLake(stack.deployment.s3, stack.deployment.parameters["plays-bucket"]), Plays(folder)
    read = (play for found in lake.objects() for play in reader.unpack(lake.read(found) or b""))
    return Counter((play.listener, play.key) for play in read)


def test_whatever_is_killed_each_play_that_was_accepted_is_kept_once(stack: LocalStack, tmp_path: Path) -> None:
    url, first_at = f"http://127.0.0.1:{stack.port}", int(time.time()) - 3_600
    players = [_Player(number, url, first_at) for number in range(_LISTENERS)]
    for player in players:
        player.start()

    def play_on() -> None:
        """For a while, and until some plays are accepted, however slow the machine is."""
        enough = sum(len(player.accepted) for player in players) + _PLAYS_BETWEEN
        time.sleep(_EACH_S)
        until(lambda: sum(len(player.accepted) for player in players) >= enough, _SETTLES_WITHIN_S, "players play on")

    for what in ("local.front_door", "listening.handler.record_plays", "local.front_door"):
        play_on()
        _killed(stack, what)
    play_on()
    stack.kill_everything()
    _start(stack)
    play_on()
    _killed(stack, "local.embedded_aws")  # which ends the stack: it cannot go on without
    stack.exit_code(60)
    _start(stack)
    play_on()
    stack.stop(signal.SIGKILL)
    _start(stack)
    play_on()
    for player in players:
        player.over.set()
    for player in players:
        player.join(_SETTLES_WITHIN_S)
        assert not player.is_alive()
    accepted = {(player.listener, play.key) for player in players for play in player.accepted}
    tries = sum(player.tries for player in players)
    print(f"{len(accepted)} plays accepted, {tries - len(accepted)} times not at once")
    assert tries > len(accepted), "nothing was killed"

    until(lambda: stack.deployment.waiting("plays") == 0, _SETTLES_WITHIN_S, "all messages are dealt with")
    assert set(_in_lake(stack, tmp_path)) == accepted
    for player in players:
        kept = stack.deployment.listeners.recent(player.listener, len(player.accepted) + 1)
        assert {play.key for play in kept} == {play.key for play in player.accepted}
        assert len(kept) == len(player.accepted)
