"""What requests are answered with. A door puts it into each request; routes and middlewares take it from there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from api.answers.catalogue import whole
from api.http.previews import Fresh
from api.http.uploads import Uploads
from earshot.admission import Admission
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.table import ColisteningTable
from earshot.colistening.trial_reader import TrialReader
from earshot.index.neighbours import Neighbours, NeighboursReader
from earshot.index.searcher import Searcher
from earshot.matching import Matching
from earshot.media_servers.server import MediaServer
from earshot.messages import RecordPlays
from earshot.plays import ListenerId
from earshot.stores.covers_bucket import CoversBucket
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.pasted_lists import PastedLists
from earshot.stores.playlists import Playlists
from earshot.stores.quotas import Quotas
from earshot.stores.shown_tracks import ShownTracks
from earshot.stores.sound_queries import SoundQueries
from earshot.stores.tracks_table import TracksTable


@dataclass(frozen=True, slots=True)
class Rules:
    """What whoever runs the api has settled. Explained in config/api.env.example."""

    stage: str
    cache_max_age_s: int
    request_wait_s: float
    cors_origins: tuple[str, ...]
    api_keys: tuple[str, ...]
    is_open: bool
    quota_per_hour: int | None
    """Requests that have work done, of each key; None: any number."""
    plays_per_hour: int | None
    """Plays taken in from each key; None: any number."""
    player_password: str = ""
    """That players must know; empty: they need none, as reading does not."""
    path_root: str = ""
    """Where players elsewhere find the files, see `api.http.lists`."""


class PlaysQueue(Protocol):
    """Takes plays that are accepted."""

    def send(self, message: RecordPlays) -> None:
        """Send them. Whatever is raised: they are not accepted."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with.

    `fresh_previews`: by source, asks where the preview of a track can be heard now; empty where it cannot.
    `media_servers`: those of this house, by source; empty in the cloud.
    `disconnect`: closes the connections to AWS; the next request opens others.
    """

    rules: Rules
    admission: Admission
    index: NeighboursReader
    colistening: ColisteningReader
    trial: TrialReader
    tracks: TracksTable
    crawls: CrawlsTable
    playlists: Playlists
    crawl_queue: MessageQueue
    fetch_queue: MessageQueue
    listeners: ListenersTable
    shown: ShownTracks
    plays_queue: PlaysQueue
    queries: SoundQueries
    uploads: Uploads
    pasted: PastedLists
    matching: Matching
    quotas: Quotas
    fresh_previews: Mapping[str, Fresh]
    media_servers: Mapping[str, MediaServer]
    disconnect: Callable[[], None]
    covers: CoversBucket | None = None
    """None where none are kept: in the cloud."""


def services_of(router: BaseRouter) -> Services:
    """What the request that `router` is answering is answered with."""
    found: Services = router.context["services"]
    return found


def searcher_of(router: BaseRouter) -> Neighbours:
    """The index version that the request is answered from: the newest one there was when it was first needed.

    Raises:
        NoIndexYet: nothing has been published.
    """
    if "searcher" not in router.context:
        router.append_context(searcher=services_of(router).index.current())
    found: Neighbours = router.context["searcher"]
    return found


def catalogue_of(router: BaseRouter) -> Searcher:
    """The same version with all its rows.

    Raises:
        NoIndexYet: nothing has been published.
        NotServedHere: only its neighbours can be asked for.
    """
    return whole(searcher_of(router))


def table_of(router: BaseRouter, listening: float) -> ColisteningTable | None:
    """The table that the request is answered from beside sound; None while there is none, or if it does not count.

    Raises:
        DamagedIndex: the only version there is cannot be used.
    """
    if not listening:
        return None
    if "table" not in router.context:
        router.append_context(table=services_of(router).colistening.current())
    found: ColisteningTable | None = router.context["table"]
    return found


def table_for(router: BaseRouter, listener: ListenerId, listening: float) -> ColisteningTable | None:
    """The same for one listener: while a trial runs, and they are in its arm, the challenger's.

    Raises:
        DamagedIndex
    """
    if listening and (table := services_of(router).trial.table_for(listener)):
        router.append_context(table=table)
    return table_of(router, listening)
