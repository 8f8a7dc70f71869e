"""`python -m bench.listening.players`: many people's players, as real HTTP clients, in a process of their own.

Each person's player has a connection that stays open and sends one play at a time (`POST /1/submit-listens`). What is
played, and when, is settled beforehand, however slowly answers come. Of some plays it asks `GET /recommend` until the
play counts there. What came of it goes to stdout, as JSON.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field

_POLL_S = 0.25
_PATIENCE_S = 120.0
DURATION_MS = 200_000
"""Of every song."""


@dataclass(frozen=True, slots=True)
class Evening:
    """Who plays what. Every listener goes through the songs in their order, each from another one on.

    Attributes:
        listeners: how many people play.
        songs: how many the catalogue has.
        per_second: plays of all together.
        seconds: for how long.
        samples_per_second: of so many plays it is asked when they count.
        first_at: when the first plays began, in Unix seconds.
    """

    listeners: int
    songs: int
    per_second: int
    seconds: int
    samples_per_second: float
    first_at: int

    def plays(self) -> int:
        """How many there are."""
        return self.per_second * self.seconds

    def listener(self, play: int) -> int:
        """Who plays."""
        return play % self.listeners

    def song(self, play: int) -> int:
        """What they play; nobody plays a song twice while they know others."""
        return (self.listener(play) * 7 + play // self.listeners) % self.songs

    def listened_at(self, play: int) -> int:
        """When it began, in Unix seconds: in the order of the plays, and never two at once for a listener."""
        return self.first_at + play // self.listeners

    def is_sampled(self, play: int) -> bool:
        """Whether it is asked when the play counts."""
        return play % round(self.per_second / self.samples_per_second) == 0


def key_of(listener: int) -> str:
    """The listener's key."""
    return f"bench-listener-{listener}"


def title_of(song: int) -> str:
    """What the song is called."""
    return f"Song {song}"


def artist_of(song: int) -> str:
    """Who made it: ten songs each."""
    return f"Artist {song // 10}"


def track_id_of(song: int) -> str:
    """Its track."""
    return f"deezer:{1_000_000 + song}"


@dataclass(slots=True)
class Outcome:
    """What came of it: plays that were accepted and refused, milliseconds until then, seconds until they counted."""

    accepted: list[int] = field(default_factory=list)
    refused: list[tuple[int, int]] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    counts_s: list[float] = field(default_factory=list)
    never_counted: list[int] = field(default_factory=list)
    questions: int = 0
    behind_s: float = 0.0


class _Connection:
    """Keeps one connection open; one request at a time."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._host, self._port = host, port
        self._head = f"Host: {host}:{port}\r\nAuthorization: Token {key}\r\nUser-Agent: bench\r\n"
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, bytes]:
        """Status and body."""
        sent = body.encode()
        described = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n" if sent else ""
        request = f"{method} {path} HTTP/1.1\r\n{self._head}{described}\r\n".encode() + sent
        async with self._turn:
            if self._open:
                try:
                    return await self._asked(*self._open, request)
                except (OSError, EOFError):  # it was idle for too long: clients open another one
                    self._open[1].close()
            self._open = await asyncio.open_connection(self._host, self._port)
            return await self._asked(*self._open, request)

    @staticmethod
    async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        return int(head[9:12]), await reader.readexactly(length)


class _Players:
    def __init__(self, host: str, port: int, evening: Evening) -> None:
        self._evening = evening
        self._connections = [_Connection(host, port, key_of(number)) for number in range(evening.listeners)]
        self._outcome = Outcome()

    async def play_all(self) -> Outcome:
        """Plays come when they come, whether or not those before them were answered."""
        began, evening = time.monotonic(), self._evening
        async with asyncio.TaskGroup() as group:
            for play in range(evening.plays()):
                wait_s = began + play / evening.per_second - time.monotonic()
                self._outcome.behind_s = max(self._outcome.behind_s, -wait_s)
                await asyncio.sleep(max(0.0, wait_s))
                group.create_task(self._play(play))
        return self._outcome

    async def _play(self, play: int) -> None:
        evening, started = self._evening, time.monotonic()
        connection, song = self._connections[evening.listener(play)], evening.song(play)
        metadata = {
            "track_name": title_of(song),
            "artist_name": artist_of(song),
            "additional_info": {"duration_ms": DURATION_MS, "submission_client": "bench"},
        }
        listen = {"listened_at": evening.listened_at(play), "track_metadata": metadata}
        status, _ = await connection.ask(
            "POST", "/1/submit-listens", json.dumps({"listen_type": "single", "payload": [listen]})
        )
        self._outcome.answer_ms.append(1e3 * (time.monotonic() - started))
        if status != 200:
            self._outcome.refused.append((play, status))
            return
        self._outcome.accepted.append(play)
        if evening.is_sampled(play):
            await self._wait_until_it_counts(connection, play, started)

    async def _wait_until_it_counts(self, connection: _Connection, play: int, started: float) -> None:
        """The answer after the play differs from the one before: it rests on the track."""
        track_id = track_id_of(self._evening.song(play))
        while (waited := time.monotonic() - started) < _PATIENCE_S:
            self._outcome.questions += 1
            status, body = await connection.ask("GET", "/recommend?k=5")
            if status == 200 and any(seed["track_id"] == track_id for seed in json.loads(body)["query"]):
                self._outcome.counts_s.append(time.monotonic() - started)
                return
            await asyncio.sleep(_POLL_S)
        print(f"play {play} does not count after {waited:.0f} s", file=sys.stderr)
        self._outcome.never_counted.append(play)


def main() -> None:
    """Play, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("evening", help="as JSON")
    options = parser.parse_args()
    evening = Evening(**json.loads(options.evening))
    outcome = asyncio.run(_Players(options.host, options.port, evening).play_all())
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
