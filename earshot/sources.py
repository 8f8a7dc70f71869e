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

KINDS = ("playlist", "album", "track", "artist")
"""What an address of a source with a site may name; of an artist the tracks that are heard most."""
_OF_SERVERS = ("playlist", "album", "track")
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
    other_sites: tuple[str, ...] = ()
    """Hosts under which the same pages are found: without www, embedded, of the web API."""
    own_lists: tuple[tuple[str, str], ...] = ()
    """Lists of a person's own that are no playlists: their kind, and a regular expression of what follows the site, in
    which `number` says whose it is (without: that of who is logged in)."""
    short_sites: tuple[str, ...] = ()
    """Hosts of short links, which do not say what they lead to."""
    hosts: tuple[str, ...] = ()
    preview_hosts: tuple[str, ...] = ()
    artwork_hosts: tuple[str, ...] = ()
    """Hosts of covers that a browser may show."""
    api_url: str = ""
    calls_per_minute: float = 0
    """That all workers together may make; 0: it is not called."""
    burst: int = 10
    """So many calls at once."""
    wants: str = ""
    """What it needs besides being switched on, for people."""
    gives: str = ""
    """What can be had from it today, for people."""
    is_own: bool = False
    """A person's own: it has no terms to read first, and is switched on from the start."""
    is_trusted: bool = True
    """Whether what it says of a track may lead to other sources. Tags of files are as often wrong as right."""
    is_server: bool = False
    """A media server in somebody's house: what it holds is named ``<name>:all`` or ``<name>:playlist:<number>``, or by
    a playlist's name, ``<name>:<playlist>``."""
    pages: tuple[str, ...] = ()
    """Of a server, which may have any address: regular expressions of what follows it on its own web pages, with the
    groups `kind`, else anything, and `number`."""
    also_called: tuple[str, ...] = ()
    """Names that older settings and tables have."""

    def track_id(self, number: str) -> str:
        """The canonical id of its track with this number."""
        return number if self.bare else f"{self.name}:{number}"

    def has_number(self, text: str) -> bool:
        """Whether its tracks may have this number."""
        return bool(self.number and re.fullmatch(self.number, text))

    def track_url(self, number: str) -> str:
        """The page of its track with this number."""
        return f"https://{self.site}/track/{number}"


_HEX = "[0-9a-f]{16}"
_NUMBER = "[1-9][0-9]{0,17}"
_BASE62 = "[0-9A-Za-z]{22}"
_GUID = "[0-9a-f]{32}"
_ESCAPED = "(?:[0-9A-Za-z._-]|~[0-9A-F]{2}){1,128}"
"""Ids of media servers, which may be any text: see `earshot.ids.escaped`."""

SOURCES: Mapping[str, Source] = MappingProxyType({
    source.name: source
    for source in (
        Source(
            "file", "own files", _HEX, can=Can.LIST | Can.SERVE, is_own=True, is_trusted=False, also_called=("folder",),
            gives="folders and files of this machine, heard whole",
        ),
        Source(
            "manifest", "lists", _HEX, can=Can.LIST, is_own=True,
            gives="lists of tracks, whose rows lead to previews where another source is on",
        ),
        Source(
            "subsonic", "OpenSubsonic", _ESCAPED, can=Can.LIST | Can.LOOK_UP | Can.SERVE,
            is_own=True, is_trusted=False, is_server=True,
            pages=(rf"app/#/(?P<kind>playlist|album)/(?P<number>{_ESCAPED})(?:/show)?",),
            gives="library, albums and playlists of a media server of yours, heard whole",
            wants="It wants EARSHOT_SUBSONIC_URL, _USER and _PASSWORD (docs/players.md), and works on one machine.",
        ),
        Source(
            "jellyfin", "Jellyfin", _GUID, can=Can.LIST | Can.LOOK_UP | Can.SERVE,
            is_own=True, is_trusted=False, is_server=True,
            pages=(rf"web/(?:index\.html)?#!?/[a-z]+(?:\.html)?\?(?:.*&)?(?:id|topParentId|parentId)=(?P<number>{_GUID})",),
            gives="library, albums, artists and playlists of a Jellyfin server of yours, heard whole",
            wants="It wants EARSHOT_JELLYFIN_URL and _TOKEN (docs/players.md), and works on one machine.",
        ),
        Source(
            "spotify", "Spotify", _BASE62, bare=True, can=Can.LIST | Can.LOOK_UP,
            site="open.spotify.com", other_sites=("play.spotify.com",),
            own_lists=(("collection", "collection(?:/tracks)?"),),
            short_sites=("spotify.link", "spotify.app.link"), hosts=("p.scdn.co",),
            api_url="https://api.spotify.com/v1/", calls_per_minute=150,
            gives="names of what is in its playlists; previews only for apps older than November 2024, so switch on "
            "Deezer or iTunes for these",
            wants="It wants an app of yours (EARSHOT_SPOTIFY_CLIENT_ID and _SECRET) and, for playlists, a login: "
            "make spotify-login.",
        ),
        Source(
            "deezer", "Deezer", _NUMBER, can=Can.LIST | Can.LOOK_UP | Can.SERVE | Can.FIND,
            site="www.deezer.com", other_sites=("deezer.com", "api.deezer.com", "widget.deezer.com"),
            own_lists=(("loved", "profile/(?P<number>[1-9][0-9]{0,17})(?:/loved)?"),),
            short_sites=("link.deezer.com", "deezer.page.link", "dzr.page.link"),
            hosts=("api.deezer.com", "*.dzcdn.net"), preview_hosts=("*.dzcdn.net",),
            artwork_hosts=("*.dzcdn.net",),
            api_url="https://api.deezer.com", calls_per_minute=480,
            gives="public playlists, albums and artists; previews of its own and of others' tracks; not for commerce",
        ),
        Source(
            "itunes", "iTunes", can=Can.FIND, hosts=("itunes.apple.com", "audio-ssl.itunes.apple.com"),
            api_url="https://itunes.apple.com", calls_per_minute=18, burst=3,
            gives="previews of others' tracks, eighteen a minute; they exist to promote Apple's store",
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
    ``subsonic:all``.

    People paste addresses without https, of players that are embedded in other pages, and of the web API.
    """
    for source, kind, form in _forms():
        if match := form.fullmatch(text):
            named = match.groupdict()
            number = named.get("number")
            return Link(source, kind or named.get("kind") or _ANYTHING, WHO_IS_LOGGED_IN if number is None else number)
    return None


def site_of(text: str) -> Source | None:
    """The source on whose pages `text` is an address, whatever it leads to."""
    host = re.match(r"(?i:https?://)?([^/:?#]+)[/?#]", text)
    return next((s for s in SOURCES.values() if host and host[1].lower() in (s.site, *s.other_sites)), None)


def short_link_of(text: str) -> Source | None:
    """The source whose short link `text` is."""
    host = re.match(r"(?i:https?://)([^/]+)/", text)
    return next((source for source in SOURCES.values() if host and host[1].lower() in source.short_sites), None)


WHO_IS_LOGGED_IN = "me"
"""In place of a number: a list of whoever is logged in."""
_LANGUAGE = "(?i:intl-[a-z-]+/|[a-z]{2}(?:-[a-z]{2})?/)?"
_EMBEDDED = "(?:embed/|widget/[a-z]+/)?"
_OWNER = "[^:/]{1,128}"
_END = r"/?(?:[?#].*)?"
_ANYTHING = "track"
"""What an id names whose server says what it is of."""
_NAME = r"(?P<number>\S.{0,199})"


@cache
def _forms() -> tuple[tuple[Source, str, re.Pattern[str]], ...]:
    """The forms of addresses, with the kind of what they lead to where the form alone says it."""
    kind = f"(?P<kind>{'|'.join(KINDS)})"
    forms = []
    for source in SOURCES.values():
        if source.site:
            hosts = "|".join(map(re.escape, (source.site, *source.other_sites)))
            start = rf"(?i:(?:https?://)?(?:{hosts}))/{_LANGUAGE}{_EMBEDDED}"
            number = f"(?P<number>{source.number})"
            uri = rf"(?i:{source.name}):(?:user:{_OWNER}:)?{kind}:{number}"
            page = rf"{start}(?:user/{_OWNER}/)?{kind}/{number}(?:/top_tracks?)?{_END}"
            forms += [(source, "", re.compile(form)) for form in (uri, page)]
            for name, path in source.own_lists:
                whose = f"(?::{number})" if "number" in path else f"(?::tracks|:{WHO_IS_LOGGED_IN})?"
                own_uri = rf"(?i:{source.name}):(?:user:{_OWNER}:)?{name}{whose}"
                forms += [(source, name, re.compile(form)) for form in (own_uri, rf"{start}{path}{_END}")]
        if source.is_server:
            one = rf"{source.name}:(?P<kind>{'|'.join(_OF_SERVERS)}):(?P<number>{source.number})"
            everything = rf"{source.name}:(?P<kind>{EVERYTHING})(?P<number>)"
            pages = (rf"(?i:https?)://[^/?#\s@]+/(?:[^?#\s]*/)?{page}(?:[&?].*)?" for page in source.pages)
            forms += [(source, "", re.compile(form)) for form in (one, everything, *pages)]
            # A number alone is a track's; whatever else stands there is what a person called a playlist.
            by_name = rf"{source.name}:(?:playlist:)?(?!{source.number}\Z){_NAME}"
            forms.append((source, "playlist", re.compile(by_name)))
    return tuple(forms)
