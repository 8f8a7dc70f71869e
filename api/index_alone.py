"""The API of who has an index and nothing else: what needs a table or a queue says so, all else is answered."""

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Never

from api.http.services import Services
from api.http.uploads import OwnUploads
from earshot.errors import NoIndexYet, NotServedHere
from earshot.ids import TrackId
from earshot.index.neighbours import Neighbours, NeighboursReader
from earshot.matching import Matching
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.pasted_lists import PastedLists
from earshot.stores.quotas import Quotas
from earshot.stores.shown_tracks import ShownTracks
from earshot.stores.song_keys import SongKeys
from earshot.stores.sound_queries import SoundQueries
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Track, TrackInfo


class _NoClient:
    """Stands where a client of AWS would: whatever it is asked for is not served here."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=NotServedHere)

    def __getattr__(self, name: str) -> Any:
        def refused(*_: object, **__: object) -> Never:
            raise NotServedHere("this service answers from its index alone")

        return refused


_NONE: Any = _NoClient()


class _Tracks(TracksTable):
    """The tracks of the index as the table has them; there are no others."""

    def __init__(self, index: NeighboursReader) -> None:
        super().__init__(_NONE, "")
        self._index = index

    def get(self, track_id: TrackId) -> Track | None:
        return self.find_many([track_id]).get(track_id)

    def find_many(self, track_ids: Iterable[TrackId]) -> dict[TrackId, Track]:
        try:
            searcher = self._index.current()
        except NoIndexYet:
            return {}
        return {track_id: track for track_id in track_ids if (track := _track(searcher, track_id))}


def _track(searcher: Neighbours, track_id: TrackId) -> Track | None:
    row = searcher.row(track_id)
    if row is None:
        return None
    info = TrackInfo(**{name: getattr(row, name) for name in TrackInfo.__dataclass_fields__})
    return Track(info, Status.READY, model=searcher.model, tags=row.tags, descriptors=row.descriptors)


def index_alone(services: Services) -> Services:
    """`services` without any store but the index. Nobody is asked for previews: nothing could count how often."""
    tracks = _Tracks(services.index)
    return replace(
        services,
        tracks=tracks,
        crawls=CrawlsTable(_NONE, ""),
        crawl_queue=MessageQueue(_NONE, ""),
        fetch_queue=MessageQueue(_NONE, ""),
        listeners=ListenersTable(_NONE, ""),
        shown=ShownTracks(_NONE, ""),
        plays_queue=MessageQueue(_NONE, ""),
        queries=SoundQueries(_NONE, ""),
        uploads=OwnUploads(),  # a query is refused when it is opened
        pasted=PastedLists(_NONE, ""),
        matching=Matching(tracks, SongKeys(_NONE, "")),
        quotas=Quotas(_NONE, ""),
        fresh_previews={},
        covers=None,
    )
