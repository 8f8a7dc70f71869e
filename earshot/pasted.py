"""What people paste as a playlist: what stands around it, and, where nothing can read it, what it is."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from earshot.errors import InvalidPlaylist
from earshot.sources import KINDS, Can, labels, short_link_of, site_of

_QUOTES = ("<>", "''", '""', "“”", "‘’", "«»", "„“", "()", "[]", "``")
_URL = re.compile(r"(?i:https?://|spotify:|deezer:)[^\s<>\"'“”]+")
_PATH_ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/].*")
_SHARE = re.compile(r"\\\\.*|(?i:smb|afp|nfs|ftp|sftp|davs?|dlna|upnp)://.*")
_SERVICES = {
    "music.apple.com": "Apple Music",
    "itunes.apple.com": "Apple Music",
    "music.youtube.com": "YouTube Music",
    "youtube.com": "YouTube",
    "youtu.be": "YouTube",
    "tidal.com": "Tidal",
    "soundcloud.com": "SoundCloud",
    "bandcamp.com": "Bandcamp",
    "qobuz.com": "Qobuz",
    "music.amazon.com": "Amazon Music",
    "amazon.com": "Amazon Music",
    "play.google.com": "Google Play Music",
    "pandora.com": "Pandora",
    "napster.com": "Napster",
    "last.fm": "Last.fm",
    "listenbrainz.org": "ListenBrainz",
    "musicbrainz.org": "MusicBrainz",
    "mixcloud.com": "Mixcloud",
    "beatport.com": "Beatport",
    "discogs.com": "Discogs",
    "shazam.com": "Shazam",
    "audiomack.com": "Audiomack",
    "jiosaavn.com": "JioSaavn",
    "anghami.com": "Anghami",
    "music.yandex.ru": "Yandex Music",
    "music.163.com": "NetEase Cloud Music",
    "y.qq.com": "QQ Music",
}
"""By the host of their pages, with what is below it; "www." and a country's own host are theirs, too."""
_EXPORTED = "Export the list there, or with TuneMyMusic or Soundiiz, as a CSV file, and crawl that file."


def unwrapped(text: str) -> Iterator[str]:
    """`text`, then what is in its quotes or brackets, then the first address in it: one of these may be a playlist."""
    yield text
    inner = text
    while len(inner) > 1 and inner[0] + inner[-1] in _QUOTES:
        inner = inner[1:-1].strip()
        yield inner
    if found := _URL.search(text):
        yield found[0].rstrip(".,;:!?)]}…")


def what_it_is(text: str) -> InvalidPlaylist:
    """What to say of `text`, which names no playlist that is understood."""
    shown, address = f"{text[:80]!r}", list(unwrapped(text))[-1]
    said = _online(address) or _elsewhere(address)
    if said is None and (text.startswith((".", "~")) or ("/" in text and not re.search(r"\s|:", text))):
        said = _Said(
            "not a playlist, nor a folder as it is written", f"Give its whole path, from / on. {InvalidPlaylist.hint}"
        )
    return (
        InvalidPlaylist(f"{said.what}: {shown}", hint=said.hint)
        if said
        else InvalidPlaylist(f"not a playlist: {shown}")
    )


class _Said(NamedTuple):
    what: str
    hint: str


def _online(address: str) -> _Said | None:
    if source := short_link_of(address):
        return _Said(
            "a short link does not say what it leads to",
            f"Open it in a browser and use the address that {source.label} shows then.",
        )
    if source := site_of(address):
        lists = ", ".join((*KINDS, *(f"{kind} tracks" for kind, _ in source.own_lists)))
        return _Said(
            f"not a playlist, but another page of {source.label}",
            f"Of {source.label} these can be crawled: {lists}. For others make a playlist at {labels(Can.LIST)}.",
        )
    if service := _service_of(address):
        return _Said(f"{service} cannot be read", _EXPORTED)
    return None


def _elsewhere(address: str) -> _Said | None:
    if _SHARE.fullmatch(address):
        return _Said(
            "a place in the network, not on this machine",
            "Mount it, and crawl the folder where it is mounted. A music server is crawled by its own address.",
        )
    if _PATH_ON_WINDOWS.fullmatch(address):
        drive, rest = address[0].lower(), address[3:].replace("\\", "/")
        return _Said(
            "a path of Windows, and Earshot does not run there",
            f"Under WSL its name is /mnt/{drive}/{rest[:120]}; in a container, the one where it is mounted.",
        )
    return None


def _service_of(address: str) -> str | None:
    found = re.match(r"(?i:https?://)?([^/:?#\s]+)(?:[/:?#]|$)", address)
    host = found[1].lower() if found else ""
    if re.search(r"(?:^|\.)(?:music\.)?amazon\.", host):
        return "Amazon Music"
    return next((name for site, name in _SERVICES.items() if host == site or host.endswith(f".{site}")), None)
