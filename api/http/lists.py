"""Answers as lists for players and other services: M3U8, XSPF, JSPF, CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any, Literal, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from pydantic import Field

from api.http.artwork import artwork_of
from api.http.keys import is_let_in
from api.http.services import Services, searcher_of, services_of
from earshot.entries import Told, all_told, as_asked
from earshot.errors import InvalidPlaylist
from earshot.ids import TrackId
from earshot.lists.tracks import ListedTrack
from earshot.lists.writing import MEDIA_TYPES, write_list
from earshot.matching import is_own_file
from earshot.playlists import parse_playlist, without_secrets
from earshot.track import Status, Track, TrackInfo
from earshot.windows import Window

FormatName = Literal["json", "m3u8", "xspf", "jspf", "csv"]
Format = Annotated[
    FormatName | None,
    Field(
        description="As a list for players (m3u8, xspf, jspf) or tables (csv) instead of JSON; `Accept` may ask too."
    ),
]
PathRoot = Annotated[
    str | None,
    Field(
        max_length=1024,
        description="In lists, where a player finds the files: `/mnt/music` stands for the folder that was crawled, "
        "`/home/me/Music=/mnt/music` for that one, `.` for paths relative to it.",
    ),
]
_ACCEPTED: Mapping[str, str] = {
    "audio/x-mpegurl": "m3u8",
    "audio/mpegurl": "m3u8",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/xspf+xml": "xspf",
    "application/jspf+json": "jspf",
    "text/csv": "csv",
}
_CRAWLS_LOOKED_AT = 100
_MOST_ENTRIES = 10_000
"""Of a crawl that is had as a list: as many as Spotify keeps in a playlist."""


def as_list(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: the tracks of the answer as the list that was asked for, if one was."""
    response: Response[object] = next_middleware(app)
    form, path_root = _asked(app)
    if response.status_code != 200 or form == "json":
        return response
    answer = cast(Mapping[str, Any], response.body)
    is_way = str(app.current_event.path).endswith("/path")
    ids = [track["track_id"] for track in (*(answer.get("query", ())[:1] if is_way else ()), *answer["results"])]
    tracks = [info for track_id in ids if (info := searcher_of(app).row(track_id))]
    return _answer(_listed(tracks, app, path_root), form, _title(answer.get("query", ())))


def entries_as_list(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: the entries of a crawl as the list that was asked for, if one was.

    Those that can be played: files, and what was heard or is about to be. A table has the others, too, with the reason.
    """
    response: Response[object] = next_middleware(app)
    form, path_root = _asked(app)
    if response.status_code != 200 or form == "json":
        return response
    services, given = services_of(app), app.current_event.query_string_parameters or {}
    summary = services.crawls.summary(app.request.path_parameters["crawl_id"])
    entries = all_told(
        summary.crawl_id,
        as_asked(given.get("status"), given.get("reason")),
        crawls=services.crawls,
        tracks=services.tracks,
        most=_MOST_ENTRIES,
    )
    infos = [track.info if track else _named(entry) for entry, track in entries]
    rows: list[ListedTrack] = []
    for (entry, track), listed in zip(entries, _listed(infos, app, path_root), strict=True):
        if track and _can_be_played(track):
            rows.append(listed)
        elif form == "csv":
            rows.append(replace(listed, location="", id=track.track_id if track else "", reason=_reason(entry)))
    return _answer(rows, form, PurePath(without_secrets(summary.playlist)).stem)


def _named(entry: Told) -> TrackInfo:
    """What an entry says that has no track."""
    return TrackInfo(TrackId(""), "manifest", title=entry.name)


def _can_be_played(track: Track) -> bool:
    return track.status in (Status.READY, Status.PENDING) or is_own_file(track.info)


def _reason(entry: Told) -> str:
    return (entry.reason or entry.state).value


def _answer(listed: Sequence[ListedTrack], form: str, title: str) -> Response[object]:
    return Response(
        status_code=200,
        content_type=MEDIA_TYPES[form],
        headers={
            "Cache-Control": "private, no-cache",
            "Vary": "Accept, Accept-Encoding, X-Api-Key",
            "Content-Disposition": f'attachment; filename="earshot.{form}"',
        },
        body=write_list(listed, form, title),
    )


def _asked(app: ApiGatewayResolver) -> tuple[str, str | None]:
    """The form, `json` unless another was asked for, and the root of paths."""
    event = app.current_event
    given = event.query_string_parameters or {}
    if event.http_method == "POST":
        given = {**event.json_body, **given} if isinstance(event.json_body, dict) else given
    accepted = [part.partition(";")[0].strip().lower() for part in (event.headers.get("accept") or "").split(",")]
    by_header = next((_ACCEPTED[name] for name in accepted[:1] if name in _ACCEPTED), "json")
    return str(given.get("format") or by_header), given.get("path_root")


def _title(query: Iterable[Mapping[str, object]]) -> str:
    names = [str(seed["title"] or seed["track_id"]) for seed in query]
    return f"Within earshot of {', '.join(names[:3])}" if names else "Earshot"


def _listed(tracks: Iterable[TrackInfo], app: ApiGatewayResolver, path_root: str | None) -> list[ListedTrack]:
    services = services_of(app)
    may_see_paths = services.rules.stage == "local" and is_let_in(app)
    root = path_root if path_root is not None else services.rules.path_root
    moved = _moves(root, services) if root and may_see_paths else []
    host = app.current_event.headers.get("host") or "localhost"
    scheme = app.current_event.headers.get("x-forwarded-proto") or (
        "http" if services.rules.stage == "local" else "https"
    )
    return [
        ListedTrack(
            title=info.title,
            artists=info.artists,
            album=info.album,
            isrc=info.isrc,
            mbid=info.mbid,
            duration_ms=info.duration_ms,
            id=info.track_id,
            is_part=window is not None,
            window=window,
            url=info.url or "",
            artwork_url=urljoin(f"{scheme}://{host}", artwork_of(info) or "") if artwork_of(info) else "",
            location=(_path(info, moved) if may_see_paths else "")
            or info.url
            or f"{scheme}://{host}/tracks/{quote(info.track_id, safe='')}/audio",
        )
        for info in tracks
        for window in [Window.of_url(info.preview_url)]
    ]


def _path(info: TrackInfo, moves: Iterable[tuple[PurePosixPath, str]]) -> str:
    """Where the file of a track is, for the player; empty where it has none."""
    parts = urlsplit(info.preview_url or "")
    if info.source != "file" or parts.scheme != "file":
        return ""
    text = unquote(parts.path, errors="surrogateescape")
    if any("\ud800" <= character <= "\udfff" for character in text):
        return info.preview_url or ""  # a name that is no text: its URL can be written
    path = PurePosixPath(text)
    for root, to in moves:
        if path.is_relative_to(root):
            return _below(to, path.relative_to(root))
    return text


def _below(root: str, path: PurePosixPath) -> str:
    """`path` below `root`, with the slashes that `root` has."""
    if root in ("", "."):
        return str(path)
    if "\\" in root:
        return root.rstrip("\\") + "\\" + str(path).replace("/", "\\")
    return root.rstrip("/") + "/" + str(path)


def _moves(root: str, services: Services) -> list[tuple[PurePosixPath, str]]:
    """Which folders of this machine are to be called otherwise, and how; those that were crawled, if none is named."""
    old, named, new = root.partition("=")
    if named:
        return [(PurePosixPath(old), new)]
    folders = set()
    for summary in services.crawls.list(_CRAWLS_LOOKED_AT):
        try:
            ref = parse_playlist(summary.playlist)
        except InvalidPlaylist:
            continue
        if ref.source == "file":
            folders.add(PurePosixPath(ref.id))
    return [(folder, root) for folder in sorted(folders, key=lambda folder: len(folder.parts))]
