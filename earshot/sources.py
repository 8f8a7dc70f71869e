"""Where music comes from: one line per source, from which everything else about a source derives.

Forms of ids and addresses, settings, hints, the hosts that may be asked: none of them is written down elsewhere. How a
source is read lies in its own folder, ``crawler/<name>/``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

KINDS = ("playlist", "album", "track")
"""What an address of a source with a site, or of a media server, may name."""
EVERYTHING = "all"
"""What names a media server's whole library."""


class Can(Flag):
    """What a source can do."""

    LIST = auto()
    """Read its playlists, albums and tracks."""
    LOOK_UP = auto()
    """Say what a track is, by its id."""
    SERVE = auto()
    """Say, or give, the preview of a track of its own when asked; else it is where the track's description says."""
    FIND = auto()
    """Find a preview of anybody's track."""
    NOTHING = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A source of tracks or previews.

    `name` is what `TrackInfo.source`, settings and filters say; `label` is what people read. Track ids are
    ``<name>:<number>`` with `number` a regular expression; where `bare`, the number alone is the id; None: no track has
    an id of this source. Only `hosts` are asked, only previews on `preview_hosts` are played in a browser.
    """

    name: str
    label: str
    number: str | None = None
    bare: bool = False
    can: Can = Can.NOTHING
    site: str = ""
    """Host of the pages whose addresses people paste, ``https://<site>/track/<number>``; empty: it has none."""
    short_sites: tuple[str, ...] = ()
    """Hosts of short links, which do not say what they lead to."""
    hosts: tuple[str, ...] = ()
    preview_hosts: tuple[str, ...] = ()
    api_url: str = ""
    calls_per_minute: float = 0
    """That all workers together may make; 0: it is not called."""
    burst: int = 10
    """So many calls at once."""
    is_own: bool = False
    """A person's own: it has no terms to read first, and is switched on from the start."""
    is_trusted: bool = True
    """Whether what it says of a track may lead to other sources. Tags of files are as often wrong as right."""
    is_server: bool = False
    """A media server in somebody's house: what it holds is named ``<name>:all`` or ``<name>:playlist:<number>``."""
    also_called: tuple[str, ...] = ()
    """Names that older settings and tables have."""

    def track_id(self, number: str) -> str:
        """The canonical id of its track with this number."""
        return number if self.bare else f"{self.name}:{number}"

    def track_url(self, number: str) -> str:
        """The page of its track with this number."""
        return f"https://{self.site}/track/{number}"


_HEX = "[0-9a-f]{16}"
_NUMBER = "[1-9][0-9]{0,17}"
_BASE62 = "[0-9A-Za-z]{22}"
_ESCAPED = "(?:[0-9A-Za-z._-]|~[0-9A-F]{2}){1,128}"
"""Ids of media servers, which may be any text: see `earshot.ids.escaped`."""

SOURCES: Mapping[str, Source] = MappingProxyType({
    source.name: source
    for source in (
        Source(
            "file", "own files", _HEX, can=Can.LIST | Can.SERVE, is_own=True, is_trusted=False, also_called=("folder",),
        ),
        Source("manifest", "lists", _HEX, can=Can.LIST, is_own=True),
        Source(
            "subsonic", "OpenSubsonic", _ESCAPED, can=Can.LIST | Can.LOOK_UP | Can.SERVE,
            is_own=True, is_trusted=False, is_server=True,
        ),
        Source(
            "spotify", "Spotify", _BASE62, bare=True, can=Can.LIST | Can.LOOK_UP,
            site="open.spotify.com", short_sites=("spotify.link",), hosts=("p.scdn.co",),
            api_url="https://api.spotify.com/v1/", calls_per_minute=150,
        ),
        Source(
            "deezer", "Deezer", _NUMBER, can=Can.LIST | Can.LOOK_UP | Can.SERVE | Can.FIND,
            site="www.deezer.com", short_sites=("link.deezer.com", "deezer.page.link", "dzr.page.link"),
            hosts=("api.deezer.com", "*.dzcdn.net"), preview_hosts=("*.dzcdn.net",),
            api_url="https://api.deezer.com", calls_per_minute=480,
        ),
        Source(
            "itunes", "iTunes", can=Can.FIND, hosts=("itunes.apple.com", "audio-ssl.itunes.apple.com"),
            api_url="https://itunes.apple.com", calls_per_minute=18, burst=3,
        ),
    )
})  # fmt: skip
"""By name. Who finds previews is asked in this order."""

TRACK_SOURCES = tuple(name for name, source in SOURCES.items() if source.number)
"""Names of those that tracks come from: what a filter by source may say."""


def find_source(name: str) -> Source | None:
    """The source of this name, which may be an old one."""
    return SOURCES.get(name) or next((source for source in SOURCES.values() if name in source.also_called), None)


def labels(can: Can) -> str:
    """Those with a site that can do all this, as people list them: "Spotify or Deezer"."""
    return " or ".join(source.label for source in SOURCES.values() if source.site and can in source.can)


def servers() -> str:
    """How the libraries of media servers are named, as people list them: "`subsonic:all`"."""
    return " or ".join(f"`{name}:{EVERYTHING}`" for name, source in SOURCES.items() if source.is_server)


def track_id_forms() -> str:
    """The forms of ids that carry their source, for people."""
    return ", ".join(f"`{name}:…`" for name in TRACK_SOURCES if not SOURCES[name].bare)


class Link(NamedTuple):
    """What an address leads to: one of `KINDS` and its number, or `EVERYTHING` and none."""

    source: Source
    kind: str
    number: str


def parse_link(text: str) -> Link | None:
    """What the URI or URL `text` of a source names: ``spotify:track:…``, ``https://www.deezer.com/en/album/…``,
    ``subsonic:all``."""
    for source, form in _forms():
        if match := form.fullmatch(text):
            return Link(source, match["kind"], match["number"])
    return None


def short_link_of(text: str) -> Source | None:
    """The source whose short link `text` is."""
    host = re.match(r"(?i:https?://)([^/]+)/", text)
    return next((source for source in SOURCES.values() if host and host[1].lower() in source.short_sites), None)


_LANGUAGE = "(?i:intl-[a-z-]+/|[a-z]{2}(?:-[a-z]{2})?/)?"
_OWNER = "[^:/]{1,128}"


@cache
def _forms() -> tuple[tuple[Source, re.Pattern[str]], ...]:
    kind = f"(?P<kind>{'|'.join(KINDS)})"
    forms = []
    for source in SOURCES.values():
        if source.site:
            www, host = ("(?:www\\.)?", source.site[4:]) if source.site.startswith("www.") else ("", source.site)
            number = f"(?P<number>{source.number})"
            uri = rf"(?i:{source.name}):(?:user:{_OWNER}:)?{kind}:{number}"
            page = rf"(?i:https?://{www}{re.escape(host)})/{_LANGUAGE}(?:user/{_OWNER}/)?{kind}/{number}/?(?:[?#].*)?"
            forms += [(source, re.compile(form)) for form in (uri, page)]
        if source.is_server:
            one = rf"{source.name}:{kind}:(?P<number>{source.number})"
            everything = rf"{source.name}:(?P<kind>{EVERYTHING})(?P<number>)"
            forms += [(source, re.compile(form)) for form in (one, everything)]
    return tuple(forms)
