"""How playlists look in answers."""

from collections.abc import Mapping, Sequence

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from api.http.artwork import artwork_of
from api.http.crawls_shown import counted
from api.http.playlist_contract import PlaylistAnswer
from api.http.services import services_of
from earshot.crawls import CrawlProgress
from earshot.errors import CrawlNotFound, InvalidPlaylist
from earshot.ids import CrawlId, TrackId
from earshot.playlists import parse_playlist, without_secrets
from earshot.stores.playlists import Playlist
from earshot.track import Track

_COVERS = 4


def playlists_shown(router: BaseRouter, playlists: Sequence[Playlist]) -> list[PlaylistAnswer]:
    """Each with its latest crawl and its covers: a read of each playlist, and those of its first tracks."""
    tracks = services_of(router).tracks.described_many(
        track_id for playlist in playlists for track_id in playlist.first
    )
    return [_shown(router, playlist, tracks) for playlist in playlists]


def _shown(router: BaseRouter, playlist: Playlist, tracks: Mapping[TrackId, Track]) -> PlaylistAnswer:
    addresses = (artwork_of(tracks[track_id].info) for track_id in playlist.first if track_id in tracks)
    progress = _progress(router, playlist.crawl_id)
    return PlaylistAnswer(
        playlist_id=playlist.playlist_id,
        name=playlist.name or playlist.title or _called(playlist.playlist),
        title=playlist.title,
        is_named=bool(playlist.name),
        playlist=without_secrets(playlist.playlist),
        again=playlist.again,
        next_crawl=playlist.due,
        covers=list(dict.fromkeys(filter(None, addresses)))[:_COVERS],
        crawl=counted(router, progress) if progress else None,
    )


def _progress(router: BaseRouter, crawl_id: CrawlId) -> CrawlProgress | None:
    try:
        return services_of(router).crawls.progress(crawl_id)
    except CrawlNotFound:
        return None


def _called(playlist: str) -> str:
    try:
        return parse_playlist(playlist).called
    except InvalidPlaylist:
        return playlist  # as an older version understood it
