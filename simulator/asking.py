"""The API as people's players see it: the map, plays sent at a rate, recommendations asked for."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earshot.api_client import Answer, ApiClient
from earshot.errors import ApiUnreachable, InvalidInput
from simulator.catalogue import Catalogue, catalogue_of
from simulator.judging import ASKED, Ask, Counts, HeldOut
from simulator.people import Person
from simulator.sessions import SimulatedPlay

_TRIES, _PATIENCE_S, _POLL_S = 5, 60.0, 0.2
_BUSY = (429, 502, 503, 504)
_CLIENT = "earshot simulator"


def catalogue_at(url: str, *, regions: int, scenes: int, new_share: float, rng: np.random.Generator) -> Catalogue:
    """The catalogue as the map of the API at `url` has it.

    Raises:
        InvalidInput: it is too small for tastes to differ.
    """
    drawn = ApiClient(url).get("/map").checked()
    if len(drawn["track_ids"]) < 2 * regions:
        raise InvalidInput(
            f"{len(drawn['track_ids'])} tracks are too few for {regions} regions", hint="Crawl more, or say REGIONS=3."
        )
    points = np.stack([np.array(drawn["x"], np.float32), np.array(drawn["y"], np.float32)], axis=1)
    return catalogue_of(
        drawn["track_ids"],
        drawn["titles"],
        drawn["artists"],
        points,
        regions=regions,
        scenes=scenes,
        new_share=new_share,
        rng=rng,
    )


@dataclass(frozen=True, slots=True)
class Players:
    """What sends people's plays, each with their own key."""

    url: str
    catalogue: Catalogue

    def send(self, key: str, plays: Sequence[SimulatedPlay]) -> None:
        """Send plays of one listener; waits where the API is busy.

        Raises:
            ApiRefused, ApiUnreachable: it does not take them.
        """
        body = {"listens": [self._said(play) for play in plays]}
        self._patiently(key, lambda client: client.post("/listens", body))

    def _patiently(self, key: str, ask: Callable[[ApiClient], Answer]) -> Any:
        """The body of the answer; waits where the API is busy or away."""
        client = ApiClient(self.url, key=key)
        for number in range(_TRIES - 1):
            try:
                answer = ask(client)
                if answer.status not in _BUSY:
                    return answer.checked()
            except ApiUnreachable:
                pass
            finally:
                client.close()
            time.sleep(2**number)
        return ask(client).checked()

    def play_all(
        self,
        people: Sequence[Person],
        sessions: Iterable[Sequence[SimulatedPlay]],
        rate: float,
        progress: Callable[[int], None],
    ) -> int:
        """Send sessions, `rate` plays a second; how many plays they were."""
        began, sent = time.monotonic(), 0
        for session in sessions:
            if session:
                self.send(people[session[0].person].key, session)
                sent += len(session)
                progress(sent)
                time.sleep(max(0.0, sent / rate - (time.monotonic() - began)))
        return sent

    def wait_for(self, key: str, play: SimulatedPlay) -> float:
        """Seconds until the listener's latest plays show `play`.

        Raises:
            InvalidInput: a minute is not enough.
        """
        began = time.monotonic()
        while (waited := time.monotonic() - began) < _PATIENCE_S:
            kept = self._patiently(key, lambda client: client.get("/listens", limit=50))["listens"]
            if any(listen["listened_at"] == play.listened_at and listen["track_id"] for listen in kept):
                return waited
            time.sleep(_POLL_S)
        raise InvalidInput(
            "a play was taken in and is not kept a minute later", hint="Does the queue run? earshot status"
        )

    def asker(self, one: HeldOut, length: int) -> Ask:
        """What sends a history and asks, for each weight once, each time as somebody new: what was shown sinks."""
        answers: dict[float, Sequence[int]] = {}

        def ask(history: Sequence[SimulatedPlay], listening: float, _counts: Counts) -> Sequence[int]:
            if listening in answers:
                return answers[listening]
            key = f"{one.person.key}-{length}-{listening}-{time.time_ns()}"
            if history:
                self.send(key, history)
                self.wait_for(key, history[-1])
            answers[listening] = self.recommended(key, listening)[0]
            return answers[listening]

        return ask

    def recommended(self, key: str, listening: float) -> tuple[list[int], Mapping[str, object]]:
        """Tracks for the listener, best first, and what the answer rests on."""
        answer = self._patiently(key, lambda client: client.get("/recommend", k=ASKED, listening=listening))
        number_of = {track_id: number for number, track_id in enumerate(self.catalogue.track_ids)}
        found = [number_of[one["track_id"]] for one in answer["results"] if one["track_id"] in number_of]
        return found, answer["spaces"]

    def _said(self, play: SimulatedPlay) -> dict[str, object]:
        return {
            "listened_at": play.listened_at,
            "track_id": self.catalogue.track_ids[play.track],
            "title": self.catalogue.titles[play.track],
            "artists": [self.catalogue.artists[play.track]],
            "played_ms": play.played_ms,
            "skipped": play.skipped,
            "client": _CLIENT,
        }
