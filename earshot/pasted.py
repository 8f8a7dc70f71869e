"""What people paste as a playlist: what stands around it, and, where nothing can read it, what it is."""

import re
from collections.abc import Iterator

from earshot.errors import InvalidPlaylist
from earshot.sources import KINDS, site_of, short_link_of

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
    shown = f"{text[:80]!r}"
    address = list(unwrapped(text))[-1]
    if source := short_link_of(address):
        return InvalidPlaylist(
            f"a short link does not say what it leads to: {shown}",
            hint=f"Open it in a browser and use the address that {source.label} shows then.",
        )
    if source := site_of(address):
        lists = ", ".join((*KINDS, *(f"{kind} tracks" for kind, _ in source.own_lists)))
        return InvalidPlaylist(
            f"a page of {source.label}, but none that lists tracks: {shown}",
            hint=f"Of {source.label} these can be crawled: {lists}. For others make a playlist there, and crawl that.",
        )
    if service := _service_of(address):
        return InvalidPlaylist(f"{service} cannot be read: {shown}", hint=_EXPORTED)
    if _SHARE.fullmatch(address):
        return InvalidPlaylist(
            f"a place in the network, not on this machine: {shown}",
            hint="Mount it, and crawl the folder where it is mounted. A music server is crawled by its own address.",
        )
    if _PATH_ON_WINDOWS.fullmatch(address):
        drive, rest = address[0].lower(), address[3:].replace("\\", "/")
        return InvalidPlaylist(
            f"a path of Windows, and Earshot does not run there: {shown}",
            hint=f"Under WSL its name is /mnt/{drive}/{rest[:120]}; in a container, the one where it is mounted.",
        )
    if re.match(r"(?i:https?://)", address):
        return InvalidPlaylist(
            f"not a playlist: {shown}",
            hint="An address must be a playlist, album, track or artist of Spotify or Deezer, or lead to a list (.csv or "
            ".jsonl) over https.",
        )
    if text.startswith((".", "~")) or ("/" in text and not re.search(r"\s|:", text)):
        return InvalidPlaylist(
            f"not a playlist: {shown}, nor a folder as it is written",
            hint="Give the whole path of the folder, from / on; Deezer and Spotify are known by their addresses.",
        )
    return InvalidPlaylist(f"not a playlist: {shown}")


def _service_of(address: str) -> str | None:
    found = re.match(r"(?i:https?://)?([^/:?#\s]+)(?:[/:?#]|$)", address)
    host = found[1].lower() if found else ""
    if re.search(r"(?:^|\.)(?:music\.)?amazon\.", host):
        return "Amazon Music"
    return next((name for site, name in _SERVICES.items() if host == site or host.endswith(f".{site}")), None)
