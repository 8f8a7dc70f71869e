"""ListenBrainz's web API: look-ups by names for who has a token, counts; 429 with headers that say until when."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request

TOKEN = "a-token-of-listenbrainz"
_PER_COUNT, _PER_LOOKUP, _LETTERS = 1_000, 50, 250


def error(status: int, message: str, **headers: str) -> Answer:
    """An error as ListenBrainz sends it."""
    return Answer.json({"code": status, "error": message}, status, **headers)


def too_many(reset_in_s: int) -> Answer:
    """What who asks too much is told."""
    return error(
        429, "Too many requests. Please slow down.", X_RateLimit_Limit="30", X_RateLimit_Remaining="0",
        X_RateLimit_Reset="1796000000", X_RateLimit_Reset_In=str(reset_in_s),
    )  # fmt: skip


@dataclass
class ListenBrainzStub:
    """`names`: what is found for artist and title in small letters: recording, artist and title as MusicBrainz has
    them. `counts` by recording: plays and listeners. `fail` goes before all other routes."""

    names: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    fail: Callable[[Request], Answer | None] = lambda _: None

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        question = json.loads(request.body)
        match request.method, request.path:
            case "POST", "/1/metadata/lookup/":
                if request.headers.get("Authorization") != f"Token {TOKEN}":
                    return error(401, "Invalid authorization token.")
                return self._lookup(question.get("recordings", []))
            case "POST", "/1/popularity/recording":
                return self._count(question.get("recording_mbids", []))
        return error(404, "Not Found")

    def _lookup(self, wanted: list[dict[str, str]]) -> Answer:
        if not wanted:
            return error(400, "recordings is invalid or not present in body")
        if len(wanted) > _PER_LOOKUP:
            return error(400, f"Number of recordings in request body exceeds maximum permitted. ({_PER_LOOKUP})")
        results: list[dict[str, Any]] = []
        for index, one in enumerate(wanted):
            artist, title = one["artist_name"], one["recording_name"]
            if len(artist) + len(title) > _LETTERS:
                return error(400, f"Recording {index} total number of characters must be less than {_LETTERS}")
            result: dict[str, Any] = {
                "artist_name_arg": artist, "recording_name_arg": title, "release_name_arg": None, "index": index,
            }  # fmt: skip
            if found := self.names.get((artist.casefold(), title.casefold())):
                number, credited, named = found
                result |= {"recording_mbid": number, "artist_credit_name": credited, "recording_name": named}
            results.append(result)
        return Answer.json(results)

    def _count(self, numbers: list[str]) -> Answer:
        if not numbers or len(numbers) > _PER_COUNT:
            return error(400, f"Maximum number of recording_mbids that can be fetched at once is {_PER_COUNT}")
        return Answer.json(
            [
                {
                    "recording_mbid": number,
                    "total_listen_count": self.counts.get(number, (None, None))[0],
                    "total_user_count": self.counts.get(number, (None, None))[1],
                }
                for number in numbers
            ]
        )
