"""The page: plain files, served with a policy that lets it talk to nobody else, and what it must know of sources."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.http.caching import is_known
from api.http.services import services_of
from earshot.errors import RouteNotFound
from earshot.sources import SOURCES, TRACK_SOURCES, Can, labels

router = Router()

_FOLDER = Path(__file__).resolve().parents[2] / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_MEDIA = " ".join(f"https://{host}" for source in SOURCES.values() for host in source.preview_hosts)
_ARTWORK = [host for source in SOURCES.values() for host in source.artwork_hosts]
_PICTURES = " ".join(f"https://{host}" for host in _ARTWORK)
_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {_PICTURES}; "
    "connect-src 'self' {uploads}; "
    f"media-src 'self' blob: {_MEDIA}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PERMISSIONS = "microphone=(self), camera=(), geolocation=()"


@dataclass(frozen=True, slots=True)
class _File:
    content: str
    content_type: str
    etag: str


@lru_cache(maxsize=1)
def _files() -> dict[str, _File]:
    """Every file of the page by name."""
    return {
        name: _File(content, _TYPES[Path(name).suffix], f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"')
        for name, content in _contents()
    }


def _contents() -> Iterator[tuple[str, str]]:
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            yield path.name, path.read_text(encoding="utf-8")
    yield "sources.js", _sources_module()


def _sources_module() -> str:
    """Of each source its label and whether browsers may play its previews; and the sources whose links are taken."""
    sources = {
        name: {"label": SOURCES[name].label, "plays": bool(SOURCES[name].preview_hosts)} for name in TRACK_SOURCES
    }
    return (
        "// Made from earshot/sources.py.\n\n"
        f"export const SOURCES = {json.dumps(sources, indent=2)};\n"
        f"export const ARTWORK = {json.dumps(_ARTWORK)};\n"
        f"export const LISTED = {json.dumps(labels(Can.LIST))};\n"
    )


@router.get("/", include_in_schema=False, compress=True)
def start() -> Response[str]:
    """The page itself."""
    return _serve("index.html")


@router.get("/page/<name>", include_in_schema=False, compress=True)
def part(name: str) -> Response[str]:
    """What the page is made of."""
    return _serve(name)


def lost() -> Response[str]:
    """What people see at an address where nothing is."""
    file = _files()["lost.html"]
    headers = {"Cache-Control": "no-store", "Vary": "Accept", "Content-Security-Policy": _policy()}
    status = HTTPStatus.NOT_FOUND.value
    return Response(status_code=status, headers=headers, content_type=file.content_type, body=file.content)


def _policy() -> str:
    return _POLICY.format(uploads=services_of(router).uploads.origin)


def _serve(name: str) -> Response[str]:
    file = _files().get(name)
    if file is None:
        raise RouteNotFound(f"the page has no part {name[:40]!r}")
    headers = {
        "ETag": file.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _policy(),
        "Permissions-Policy": _PERMISSIONS,
    }
    if is_known(file.etag, router.current_event.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers, body="")
    return Response(status_code=200, content_type=file.content_type, headers=headers, body=file.content)
