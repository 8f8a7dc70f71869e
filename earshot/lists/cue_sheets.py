"""Cue sheets: the tracks of a disc, each a file of its own or a window of one that it shares with others.

A track lasts from its INDEX 01 to that of the track behind it in the same file; the gap in front of it (INDEX 00)
belongs to the one before. (CDRWIN User's Guide, appendix A; the remarks are those that Exact Audio Copy writes.)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.values import artists_of, isrc_of, text_of
from earshot.windows import Window

_LINE = re.compile(r'\s*(?:REM\s+)?(?P<command>[A-Za-z]+)\s+(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))(?P<rest>.*)')
_TIME = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})")
_FRAMES = 75
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d{2}(?!\d)")
_SHOWN = 120


@dataclass(slots=True)
class _Track:
    """A track as far as its lines have been read. `kind`: AUDIO, or of data."""

    said: ListedTrack
    kind: str
    start_ms: int | None = None


def cue_in(text: str, encoding: str) -> TrackList:
    """The tracks of sound of a cue sheet."""
    of_disc, file = ListedTrack(), ""
    found: list[_Track] = []
    for command, value, rest in _commands(text):
        if command == "FILE":
            file = value
        elif command == "TRACK":
            said = replace(of_disc, title="", location=file, track_number=int(value) if value.isdigit() else None)
            found.append(_Track(said, rest.strip().upper()))
        elif not found:
            of_disc = _of_disc(of_disc, command, value)
        elif command == "INDEX" and value.isdigit() and int(value) == 1:
            found[-1].start_ms = _milliseconds(rest)
            found[-1].said = replace(found[-1].said, location=file)  # a gap may lie at the end of the file before
        else:
            found[-1].said = _of_track(found[-1].said, command, value)
    return TrackList(tuple(_tracks(found)), "cue", of_disc.album, encoding=encoding)


def _of_disc(said: ListedTrack, command: str, value: str) -> ListedTrack:
    """What stands above the tracks."""
    match command:
        case "TITLE":
            return replace(said, album=text_of(value))
        case "PERFORMER":
            return replace(said, artists=artists_of(value), album_artist=text_of(value))
        case "GENRE":
            return replace(said, genres=(text_of(value),))
        case "DATE" if year := _YEAR.search(value):
            return replace(said, year=int(year[0]))
    return said


def _of_track(said: ListedTrack, command: str, value: str) -> ListedTrack:
    match command:
        case "TITLE":
            return replace(said, title=text_of(value))
        case "PERFORMER":
            return replace(said, artists=artists_of(value))
        case "ISRC":
            return replace(said, isrc=isrc_of(value))
    return said


def _tracks(found: list[_Track]) -> Iterator[ListedTrack]:
    shared = [track.said.location for track in found]
    for number, track in enumerate(found):
        if track.kind not in ("AUDIO", ""):
            continue
        is_part = shared.count(track.said.location) > 1
        behind = next((t for t in found[number + 1 : number + 2] if t.said.location == track.said.location), None)
        window = _window(track, behind) if is_part else None
        length = window.end_ms - window.start_ms if window and window.end_ms is not None else None
        text = f"{number + 1:02d} {track.said.title}"[:_SHOWN]
        yield replace(track.said, duration_ms=length, is_part=is_part, window=window, text=text)


def _window(track: _Track, behind: _Track | None) -> Window | None:
    """Up to the track behind it in the file; None where the times of the two make none."""
    if track.start_ms is None or behind is None:
        return None if track.start_ms is None else Window(track.start_ms)
    is_one = behind.start_ms is not None and behind.start_ms > track.start_ms
    return Window(track.start_ms, behind.start_ms) if is_one else None


def _commands(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        if match := _LINE.match(line):
            value = match["quoted"] if match["quoted"] is not None else match["plain"]
            command = match["command"].upper()
            if command == "FILE" and match["quoted"] is None:  # FILE name with spaces.wav WAVE
                value = re.sub(r"\s+\w+\s*$", "", line.strip()[len("FILE") :].strip())
            elif match["quoted"] is None and command in ("TITLE", "PERFORMER", "GENRE"):
                value = line.strip().removeprefix("REM").strip().partition(" ")[2].strip()
            yield command, value, match["rest"]


def _milliseconds(text: str) -> int | None:
    """Of ``mm:ss:ff``, 75 frames a second."""
    if not (match := _TIME.search(text)):
        return None
    minutes, seconds, frames = map(int, match.groups())
    return (minutes * 60 + seconds) * 1000 + frames * 1000 // _FRAMES
