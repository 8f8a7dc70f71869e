"""Playlist files of players: M3U, PLS and cue sheets. XSPF and JSPF are in `shared_playlists`."""

import re
from collections.abc import Iterator
from dataclasses import replace

from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.values import artists_of, isrc_of, length_of, text_of, track_id_of

_EXTINF = re.compile(r"#EXTINF:\s*(?P<seconds>-?\d+(?:\.\d+)?)?(?P<attributes>[^,]*),?(?P<name>.*)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#(?P<name>EXTALB|EXTART|PLAYLIST|EXTIMG|EXT-X-EARSHOT-ID)\s*:\s*(?P<value>.*)", re.IGNORECASE)
_ENTRY = re.compile(r"(?P<key>File|Title|Length)(?P<number>\d{1,6})\s*=(?P<value>.*)", re.IGNORECASE)
_CUE = re.compile(r'\s*(?:REM\s+)?(?P<command>[A-Za-z]+)\s+(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))(?P<rest>.*)')
_CUE_TIME = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})")
_CUE_FRAMES = 75
_SHOWN = 120


def m3u_in(text: str, encoding: str) -> TrackList:
    """M3U and M3U8. `#EXTINF` gives length and "artist - title", `#EXTART` and `#EXTALB` say which is which."""
    title, tracks, said = "", [], ListedTrack()
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
        elif line and not line.startswith("#"):
            tracks.append(_located(_with_artist(said), line))
            said = ListedTrack()
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


def cue_in(text: str, encoding: str) -> TrackList:
    """A cue sheet: its tracks, each a file of its own or a stretch of one that it shares with others."""
    album, artist, file = "", "", ""
    found: list[tuple[ListedTrack, str, int | None]] = []
    for command, value, rest in _cue_commands(text):
        if command == "FILE":
            file = value
        elif command == "TRACK":
            found.append((ListedTrack(album=album, artists=artists_of(artist), location=file), file, None))
        elif not found:
            album, artist = (value if command == "TITLE" else album), (value if command == "PERFORMER" else artist)
        else:
            track, of, start = found[-1]
            if command == "TITLE":
                track = replace(track, title=text_of(value))
            elif command == "PERFORMER":
                track = replace(track, artists=artists_of(value))
            elif command == "ISRC":
                track = replace(track, isrc=isrc_of(value))
            elif command == "INDEX" and value.isdigit() and int(value) == 1:
                start, of = _cue_start(rest), file  # a gap may lie at the end of the file before
            found[-1] = (replace(track, location=of), of, start)
    return TrackList(tuple(_cue_tracks(found)), "cue", text_of(album), encoding=encoding)


def _cue_tracks(found: list[tuple[ListedTrack, str, int | None]]) -> Iterator[ListedTrack]:
    shared = [of for _, of, _ in found]
    for number, (track, of, start) in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        length = None
        if following and following[1] == of and start is not None and following[2] is not None and following[2] > start:
            length = following[2] - start
        text = f"{number + 1:02d} {track.title}"[:_SHOWN]
        yield replace(track, duration_ms=length, is_part=shared.count(of) > 1, text=text)


def _cue_commands(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        if match := _CUE.match(line):
            value = match["quoted"] if match["quoted"] is not None else match["plain"]
            command = match["command"].upper()
            if command == "FILE" and match["quoted"] is None:  # FILE name with spaces.wav WAVE
                value = re.sub(r"\s+\w+\s*$", "", line.strip()[len("FILE") :].strip())
            elif match["quoted"] is None and command in ("TITLE", "PERFORMER"):
                value = line.strip().partition(" ")[2].strip()
            yield command, value, match["rest"]


def _cue_start(text: str) -> int | None:
    """Milliseconds of ``mm:ss:ff``, 75 frames a second."""
    if not (match := _CUE_TIME.search(text)):
        return None
    minutes, seconds, frames = map(int, match.groups())
    return (minutes * 60 + seconds) * 1000 + frames * 1000 // _CUE_FRAMES


def _seconds(text: str | None) -> int | None:
    return length_of(text, "s") if text else None


def _with_artist(said: ListedTrack) -> ListedTrack:
    """Artist and title of "artist - title"."""
    joined = ", ".join(said.artists)
    if said.artists:
        return replace(said, title=said.title.removeprefix(f"{joined} - "))
    artist, dash, title = said.title.partition(" - ")
    return replace(said, title=title.strip(), artists=artists_of(artist)) if dash and artist and title else said


def _located(said: ListedTrack, location: str) -> ListedTrack:
    return replace(said, location=location, id=said.id or track_id_of(location), text=text_of(location)[:_SHOWN])
