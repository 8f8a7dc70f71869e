"""Playlist files of players: M3U and PLS. XSPF and JSPF are in `shared_playlists`, cue sheets in `cue_sheets`."""

import re
from collections.abc import Mapping
from dataclasses import replace

from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.values import artists_of, length_of, text_of, track_id_of
from earshot.windows import Window

_EXTINF = re.compile(r"#EXTINF:\s*(?P<seconds>-?\d+(?:\.\d+)?)?(?P<attributes>[^,]*),?(?P<name>.*)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#(?P<name>EXTALB|EXTART|PLAYLIST|EXTIMG|EXT-X-EARSHOT-ID)\s*:\s*(?P<value>.*)", re.IGNORECASE)
_VLC_TIME = re.compile(
    r"#EXTVLCOPT:\s*(?P<end>start|stop)-time\s*=\s*(?P<seconds>\d{1,7}(?:\.\d{1,6})?)\s*", re.IGNORECASE
)
"""What VLC plays of a file."""
_ENTRY = re.compile(r"(?P<key>File|Title|Length)(?P<number>\d{1,6})\s*=(?P<value>.*)", re.IGNORECASE)
_SHOWN = 120


def m3u_in(text: str, encoding: str) -> TrackList:
    """M3U and M3U8. `#EXTINF` gives length and "artist - title", `#EXTART` and `#EXTALB` say which is which."""
    title, tracks, said, times = "", [], ListedTrack(), dict[str, int]()
    for line in map(str.strip, text.splitlines()):
        if info := _EXTINF.match(line):
            said = replace(said, duration_ms=_seconds(info["seconds"]), title=text_of(info["name"]))
        elif directive := _DIRECTIVE.match(line):
            name, value = directive["name"].upper(), text_of(directive["value"])
            if name == "PLAYLIST":
                title = value
            elif name == "EXTALB":
                said = replace(said, album=value)
            elif name == "EXTIMG":
                said = replace(said, artwork_url=value)
            elif name == "EXTART":
                said = replace(said, artists=artists_of(value))
            else:
                said = replace(said, id=track_id_of(value))
        elif time := _VLC_TIME.fullmatch(line):
            times[time["end"].lower()] = round(float(time["seconds"]) * 1000)
        elif line and not line.startswith("#"):
            tracks.append(_located(_of_times(_with_artist(said), times), line))
            said, times = ListedTrack(), {}
    return TrackList(tuple(tracks), "m3u8", title, encoding=encoding)


def pls_in(text: str, encoding: str) -> TrackList:
    """PLS: `File1`, `Title1`, `Length1`, in any order."""
    entries: dict[int, dict[str, str]] = {}
    for line in map(str.strip, text.splitlines()):
        if entry := _ENTRY.fullmatch(line):
            entries.setdefault(int(entry["number"]), {})[entry["key"].lower()] = entry["value"].strip()
    tracks = [
        _located(
            _with_artist(ListedTrack(text_of(said.get("title")), duration_ms=_seconds(said.get("length")))),
            said["file"],
        )
        for _, said in sorted(entries.items())
        if said.get("file")
    ]
    return TrackList(tuple(tracks), "pls", encoding=encoding)


def _seconds(text: str | None) -> int | None:
    return length_of(text, "s") if text else None


def _of_times(said: ListedTrack, times: Mapping[str, int]) -> ListedTrack:
    """The track, or the part of its file between these times."""
    start, stop = times.get("start", 0), times.get("stop")
    if not times or (stop is not None and stop <= start):
        return said
    return replace(said, is_part=True, window=Window(start, stop))


def _with_artist(said: ListedTrack) -> ListedTrack:
    """Artist and title of "artist - title"."""
    joined = ", ".join(said.artists)
    if said.artists:
        return replace(said, title=said.title.removeprefix(f"{joined} - "))
    artist, dash, title = said.title.partition(" - ")
    return replace(said, title=title.strip(), artists=artists_of(artist)) if dash and artist and title else said


def _located(said: ListedTrack, location: str) -> ListedTrack:
    return replace(said, location=location, id=said.id or track_id_of(location), text=text_of(location)[:_SHOWN])
