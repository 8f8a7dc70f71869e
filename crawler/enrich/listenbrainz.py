"""ListenBrainz: how often and by how many a recording was played; which recording it is, by artist and title.

1,000 recordings in one question about plays, 50 in one about names, which wants a token.
(https://listenbrainz.readthedocs.io/en/latest/users/api/)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from pydantic import SecretStr

from crawler.enrich.asking import Ask, Asking, exactly, named
from earshot.errors import ProviderUnavailable
from earshot.facts import Facts
from earshot.fields import field, mbid, text, whole
from earshot.stores.dynamodb import batches
from earshot.track import TrackInfo

_NAME = "listenbrainz"
_PER_LOOKUP, _LETTERS = 50, 250
_PER_COUNT = 1_000


class Settings(Protocol):
    """What is read of the function's settings."""

    listenbrainz_token: SecretStr

    def api_url(self, provider: str, /) -> str:
        """Where the API is."""


def connect(web: Asking, settings: Settings) -> Ask:
    """See `crawler.enrich.asking`."""
    url = settings.api_url(_NAME).rstrip("/")
    token = f"Token {settings.listenbrainz_token.get_secret_value()}"
    return ListenBrainz(replace(web, downloader=web.downloader.with_key(url, "Authorization", token)), url).ask


class ListenBrainz:
    """Asks ListenBrainz."""

    def __init__(self, web: Asking, url: str) -> None:
        self._web = web
        self._url = url

    def ask(self, tracks: Sequence[TrackInfo]) -> list[Facts]:
        """See `Ask`."""
        named = dict(self._looked_up([track for track in tracks if not track.mbid]))
        recordings = [track.mbid or named.get(track.track_id) for track in tracks]
        counts = dict(self._counted({number for number in recordings if number}))
        # Also where it is known already: an older answer of its own may be all that says it.
        return [replace(counts.get(number or "", Facts()), mbid=number) for number in recordings]

    def _looked_up(self, tracks: Iterable[TrackInfo]) -> Iterator[tuple[str, str]]:
        """Ids of tracks, and of their recordings."""
        askable = (
            track
            for track in tracks
            if track.title and track.artists and len(track.title) + len(track.artists[0]) <= _LETTERS
        )
        for batch in batches(askable, _PER_LOOKUP):
            wanted = [{"artist_name": track.artists[0], "recording_name": track.title} for track in batch]
            for row in self._post("/1/metadata/lookup/", {"recordings": wanted}):
                place = field(row, "index")
                number = mbid(row, "recording_mbid")
                if number and isinstance(place, int) and 0 <= place < len(batch) and _fits(batch[place], row):
                    yield batch[place].track_id, number

    def _counted(self, recordings: set[str]) -> Iterator[tuple[str, Facts]]:
        for batch in batches(sorted(recordings), _PER_COUNT):
            for row in self._post("/1/popularity/recording", {"recording_mbids": batch}):
                if number := mbid(row, "recording_mbid"):
                    plays, listeners = whole(row, "total_listen_count"), whole(row, "total_user_count")
                    yield number, Facts(plays=plays, listeners=listeners)

    def _post(self, path: str, question: object) -> Sequence[object]:
        answer = self._web.answer(lambda: self._web.downloader.post_json(f"{self._url}{path}", question))
        if not isinstance(answer, list):
            raise ProviderUnavailable("ListenBrainz's answer is no list")
        return answer


def _fits(track: TrackInfo, row: object) -> bool:
    """Whether what was found has exactly the names that were asked for: it was looked for with tolerance."""
    found = named(track, text(row, "recording_name"), text(row, "artist_credit_name"))
    return exactly(track, [found]) is not None
